/** Buttons, keys and a menu for what can be done with the selected commits; what came of it is said below. */

import { write } from '../grid/clipboard';
import { element, styleSheet } from '../grid/dom';
import type { Translate } from '../grid/model';
import { button, labelled, Notice } from '../ui/panel';
import { actionsFor, type Action, type ActionName, type Field, type Question } from './actions';
import { actionStyle } from './actionstyle';
import { Menu } from './menu';
import type { Commit } from './model';

export interface ActionSource {
  /** What is checked out. */
  readonly current: string;
  /** Carry out an action; what comes back is for people. */
  run(name: ActionName, body: object, signal: AbortSignal): Promise<string>;
}

export class ActionBar {
  readonly node = element('div', 'jd-actions', { 'data-lm-suppress-shortcuts': 'true' });

  constructor(
    private readonly source: ActionSource,
    private readonly translate: Translate,
    /** Puts the focus back to the list. */
    private readonly onLeave: () => void
  ) {
    this.bar.setAttribute('aria-label', translate('Actions'));
    this.node.append(styleSheet(actionStyle), this.bar, this.form, this.notice.node);
    this.form.hidden = true;
    this.form.addEventListener('submit', this.onSubmit);
    this.form.addEventListener('keydown', event => event.key === 'Escape' && this.leave());
    this.show();
  }

  /** Offer what can be done with these commits. */
  select(commits: readonly Commit[]): void {
    this.commits = commits;
    this.show();
  }

  /** Show what is checked out now. */
  show(): void {
    const on = labelled('span', 'jd-actions-current', this.translate('On %1', this.source.current));
    this.bar.replaceChildren(on, ...this.actions.map(action => this.button(action)));
    this.form.hidden = true;
  }

  /** Whether a key begins an action; then it has done so. */
  press(key: string): boolean {
    const found = this.actions.find(action => action.key === key && action.enabled);
    if (found) {
      this.begin(found);
    }
    return found !== undefined;
  }

  /** Open a menu at a place in an element. */
  menu(parent: HTMLElement, x: number, y: number): void {
    const entries = this.actions.map(action => ({ ...action, run: () => this.begin(action) }));
    new Menu(parent, this.translate('Actions'), entries, x, y);
  }

  dispose(): void {
    this.closing.abort();
    this.node.remove();
  }

  private get actions(): readonly Action[] {
    return actionsFor(this.commits, this.source.current, this.translate);
  }

  private button(action: Action): HTMLElement {
    const node = button(
      action.label,
      () => this.begin(action),
      `${action.label} (${action.key.toUpperCase()})`
    );
    node.disabled = !action.enabled || this.busy;
    return node;
  }

  private begin(action: Action): void {
    if (this.busy) {
      return;
    }
    this.notice.clear();
    if (action.question) {
      this.ask(action, action.question);
    } else {
      void this.run(action, {});
    }
  }

  private ask(action: Action, { title, fields, go }: Question): void {
    this.asked = action;
    const submit = button(go, () => undefined);
    submit.type = 'submit';
    submit.classList.add('jd-primary');
    const cancel = button(this.translate('Cancel'), () => this.leave());
    this.form.setAttribute('aria-label', title);
    this.form.replaceChildren(
      labelled('span', 'jd-actions-title', title),
      ...fields.map(inputFor),
      submit,
      cancel
    );
    this.form.hidden = false;
    (this.form.querySelector<HTMLElement>('input, select') ?? submit).focus();
  }

  private leave(): void {
    this.form.hidden = true;
    this.onLeave();
  }

  private readonly onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (this.asked && !this.busy) {
      void this.run(this.asked, Object.fromEntries(new FormData(this.form)));
    }
  };

  private async run({ name, body, label }: Action, answers: object): Promise<void> {
    this.wait(true);
    this.notice.say(this.translate('%1 …', label));
    try {
      this.tell(await this.carryOut(name, { ...body, ...answers }));
      this.wait(false);
      this.leave();
    } catch (error) {
      this.wait(false);
      if (!this.closing.signal.aborted) {
        this.notice.fail(error);
      }
    }
  }

  private async carryOut(name: ActionName, body: object): Promise<string> {
    if (name !== 'copy') {
      return this.source.run(name, body, this.closing.signal);
    }
    await write(this.commits[0]?.id ?? '', this.node);
    return this.translate('Copied.');
  }

  private tell(said: string): void {
    if (said) {
      this.notice.done(said);
    } else {
      this.notice.clear();
    }
  }

  /** While something is done nothing else can be; a form that is open stays. */
  private wait(is: boolean): void {
    this.busy = is;
    const isAsked = !this.form.hidden;
    this.show();
    this.form.hidden = !isAsked;
    this.form.querySelectorAll('button').forEach(node => (node.disabled = is));
  }

  private readonly bar = element('div', 'jd-actions-bar', { role: 'toolbar' });
  private readonly form = element('form', 'jd-actions-form');
  private readonly notice = new Notice();
  private readonly closing = new AbortController();
  private commits: readonly Commit[] = [];
  private asked: Action | null = null;
  private busy = false;
}

function inputFor({ name, label, placeholder, required, options }: Field): HTMLElement {
  const node = labelled('label', 'jd-actions-field', label);
  const input = options
    ? element('select', 'jd-control', { name })
    : element('input', 'jd-control', { name });
  if (input instanceof HTMLInputElement) {
    input.placeholder = placeholder ?? '';
    input.required = required ?? false;
    input.autocomplete = 'off';
  } else {
    input.append(...(options ?? []).map(([value, text]) => new Option(text, value)));
  }
  node.append(input);
  return node;
}
