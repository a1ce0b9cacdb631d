/** The widget of a job: how far it is, and a button that stops it. */

import { element, styleSheet } from '../grid/dom';
import type { Model } from './comm';

/** A job as the kernel sends it. */
interface Job {
  readonly title: string;
  readonly status: string;
  readonly ended: boolean;
  readonly stopping: boolean;
  /** From 0 to 1; null when nobody knows. */
  readonly part: number | null;
  /** What is being done, how much of it, how fast and how long. */
  readonly text: string;
  readonly messages: readonly string[];
  /** What went wrong. */
  readonly error: string;
}

const style = `
.jd-job {
  display: grid;
  grid-template-columns: 1fr auto;
  gap: 4px 12px;
  align-items: center;
  max-width: 640px;
  padding: 8px 12px;
  border: 1px solid var(--jp-border-color2, #bdbdbd);
  background: var(--jp-layout-color1, light-dark(#fff, #111));
  color: var(--jp-ui-font-color1, light-dark(rgba(0, 0, 0, 0.87), rgba(255, 255, 255, 0.95)));
  font-family: var(--jp-ui-font-family, system-ui, sans-serif);
  font-size: var(--jp-ui-font-size1, 13px);
}
.jd-job [hidden] { display: none !important; }
.jd-job > :not(button) { grid-column: 1; min-width: 0; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.jd-job > button { grid-column: 2; grid-row: 1; }
.jd-job > :nth-child(n + 4) { grid-column: 1 / -1; }
.jd-job-title { font-weight: 600; }
.jd-job progress { width: 100%; height: 10px; accent-color: var(--jp-brand-color1, #1976d2); }
.jd-job button {
  font: inherit;
  color: inherit;
  padding: 2px 12px;
  border: 1px solid currentcolor;
  border-radius: 2px;
  background: transparent;
  cursor: pointer;
}
.jd-job button:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: 1px; }
.jd-job button:disabled { opacity: 0.6; cursor: default; }
.jd-job-error { border-left: 4px solid var(--jp-error-color1, #d32f2f); padding-left: 8px; }
.jd-job ul { margin: 0; padding-left: 20px; }
`;

class JobView {
  constructor(
    parent: HTMLElement,
    private readonly model: Model
  ) {
    this.stop.addEventListener('click', () => {
      this.stop.disabled = true;
      model.send({ kind: 'stop' });
    });
    this.node.append(
      styleSheet(style),
      this.title,
      this.stop,
      this.bar,
      this.text,
      this.error,
      this.messages
    );
    parent.append(this.node);
    model.on('change:job', this.show);
    this.show();
  }

  dispose(): void {
    this.model.off('change:job', this.show);
    this.node.remove();
  }

  private readonly show = (): void => {
    const job = this.model.get('job') as Job;
    this.title.textContent = job.title;
    this.text.textContent = `${job.status}${job.text ? `, ${job.text}` : ''}`;
    this.error.textContent = job.error;
    this.error.hidden = job.error === '';
    this.messages.replaceChildren(...job.messages.map(listItem));
    this.messages.hidden = job.messages.length === 0;
    this.stop.hidden = job.ended;
    this.stop.disabled = job.stopping;
    this.showBar(job);
  };

  private showBar(job: Job): void {
    this.bar.hidden = job.ended;
    this.bar.setAttribute('aria-label', job.title);
    if (job.part === null) {
      this.bar.removeAttribute('value');
    } else {
      this.bar.value = job.part;
    }
  }

  private readonly node = element('div', 'jd-job', { role: 'group', 'aria-label': 'Job' });
  private readonly title = element('div', 'jd-job-title');
  private readonly stop = button('Cancel');
  private readonly bar = element('progress', '', { max: '1' });
  private readonly text = element('div', 'jd-job-text');
  private readonly error = element('div', 'jd-job-error', { role: 'alert' });
  private readonly messages = element('ul', '');
}

function listItem(text: string): HTMLElement {
  const item = element('li', '');
  item.textContent = text;
  return item;
}

function button(text: string): HTMLButtonElement {
  const made = element('button', '', { type: 'button' });
  made.textContent = text;
  return made;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const view = new JobView(el, model);
  return () => view.dispose();
}

export default { render };
