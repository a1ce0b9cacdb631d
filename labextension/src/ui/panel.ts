/** What our panels of forms and buttons share: their look, buttons, and notices of what went wrong. */

import { element } from '../grid/dom';
import { colors } from './viewstyle';

/** How a panel of the class `name` looks, and what is in it. */
export function panelStyle(name: string): string {
  return `
.${name} {${colors}
  display: flex;
  flex-direction: column;
  box-sizing: border-box;
  min-width: 0;
  background: var(--jd-back);
  color: var(--jd-text);
  font-family: var(--jp-ui-font-family, system-ui, sans-serif);
  font-size: var(--jp-ui-font-size1, 13px);
  line-height: 1.4;
}
.${name} *, .${name} ::before { box-sizing: border-box; }
.${name} [hidden] { display: none !important; }
.${name} :is(button, select, input).jd-control {
  min-height: 24px;
  max-width: 100%;
  padding: 1px 8px;
  border: 1px solid var(--jp-border-color1, light-dark(#8a8a8a, #8a8a8a));
  border-radius: 3px;
  background: var(--jd-back);
  color: inherit;
  font: inherit;
}
.${name} button.jd-control { cursor: pointer; white-space: nowrap; }
.${name} button.jd-control:hover:not(:disabled) { background: var(--jd-back-header); }
.${name} button.jd-control[aria-pressed='true'] { border-color: var(--jd-focus); background: var(--jd-selected); }
.${name} :is(button, select, input).jd-control:disabled { opacity: 0.55; cursor: default; }
.${name} .jd-primary:not(:disabled) { border-color: var(--jd-focus); box-shadow: inset 0 0 0 1px var(--jd-focus); font-weight: 600; }
.${name} :focus-visible { outline: 2px solid var(--jd-focus); outline-offset: 1px; }
.${name} .jd-notice {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 4px 12px;
  padding: 6px 10px;
  border-left: 4px solid var(--jd-line);
  overflow-wrap: anywhere;
  unicode-bidi: plaintext;
}
.${name} .jd-notice[role='alert'] { border-left-color: var(--jp-error-color1, #d32f2f); }
.${name} .jd-notice.jd-done { border-left-color: var(--jp-success-color1, #388e3c); }
.${name} .jd-id { font-family: var(--jp-code-font-family, ui-monospace, monospace); color: var(--jd-quiet); }
`;
}

export function button(text: string, run: () => void, title = ''): HTMLButtonElement {
  const node = element('button', 'jd-control', { type: 'button' });
  node.textContent = text;
  node.title = title;
  node.addEventListener('click', run);
  return node;
}

/** A text in an element of its own. */
export function labelled(tag: 'span' | 'div' | 'li' | 'label', className: string, text: string): HTMLElement {
  const node = element(tag, className);
  node.textContent = text;
  return node;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says what happened; an error is read out at once. */
export class Notice {
  readonly node = element('div', 'jd-notice');

  constructor() {
    this.clear();
  }

  say(message: string, ...more: HTMLElement[]): void {
    this.show('status', message, more);
  }

  fail(error: unknown, ...more: HTMLElement[]): void {
    this.show('alert', reasonOf(error), more);
  }

  done(message: string): void {
    this.show('status', message, []);
    this.node.classList.add('jd-done');
  }

  clear(): void {
    this.node.hidden = true;
    this.node.classList.remove('jd-done');
  }

  private show(role: string, message: string, more: HTMLElement[]): void {
    this.clear();
    this.node.setAttribute('role', role);
    this.node.replaceChildren(labelled('span', '', message), ...more);
    this.node.hidden = false;
  }
}
