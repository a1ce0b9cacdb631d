/** The conflicts by table, a row each. */

import type { Translate } from '../grid';
import { element } from '../grid/dom';
import { labelled } from '../ui/panel';
import { keyText, takesOf, type Conflict, type Take } from './model';

export interface RowsEvents {
  onTake(conflict: number, take: Take): void;
  onUndo(): void;
  onActive(conflict: number): void;
}

const LONGEST = 300;
const STEPS: Record<string, (from: number, last: number) => number> = {
  ArrowUp: from => from - 1,
  ArrowDown: from => from + 1,
  PageUp: from => from - 10,
  PageDown: from => from + 10,
  Home: () => 0,
  End: (_, last) => last
};
const KEYS: Record<string, Take> = { o: 'ours', t: 'theirs', n: 'newest' };

class RowView {
  readonly node = element('div', 'jd-conflict', { role: 'row', tabindex: '-1' });

  constructor(
    readonly conflict: Conflict,
    readonly index: number,
    translate: Translate,
    private readonly onTake: (take: Take) => void
  ) {
    const where = element('div', 'jd-conflict-where', { role: 'rowheader' });
    const what = conflict.column ?? (conflict.kind === 'row' ? translate('whole row') : conflict.table);
    where.append(
      labelled('span', 'jd-conflict-column', what),
      labelled('span', 'jd-quiet', keyText(conflict))
    );
    where.title = `${conflict.table}, ${keyText(conflict)}, ${what}`;
    this.choice.append(
      new Option('—', ''),
      ...takesOf(conflict).map(take => new Option(translate(take), take))
    );
    this.choice.setAttribute('aria-label', `${translate('Take')}: ${where.title}`);
    this.choice.addEventListener('change', () => this.choice.value && onTake(this.choice.value as Take));
    const base = conflict.kind === 'cell' ? value(conflict.base) : labelled('span', 'jd-null', '—');
    this.node.append(where, cell(base), this.side('ours'), this.side('theirs'), cell(this.choice));
  }

  show(answer: Take | '', over: boolean): void {
    this.choice.value = answer;
    this.choice.disabled = over;
    this.node.classList.toggle('jd-conflict-settled', answer !== '');
    for (const [take, node] of this.sides) {
      node.setAttribute('aria-pressed', String(take === answer));
      node.disabled = over;
    }
  }

  activate(is: boolean): void {
    const place = is ? 0 : -1;
    this.node.tabIndex = this.choice.tabIndex = place;
    this.node.setAttribute('aria-selected', String(is));
  }

  private side(take: 'ours' | 'theirs'): HTMLElement {
    const node = element('button', 'jd-control jd-side', { type: 'button', tabindex: '-1' });
    node.append(value(this.conflict[take]));
    node.setAttribute('aria-label', `${take}: ${this.conflict[take] ?? 'null'}`.slice(0, LONGEST));
    node.addEventListener('click', () => this.onTake(take));
    this.sides.push([take, node]);
    return cell(node);
  }

  private readonly choice = element('select', 'jd-control');
  private readonly sides: Array<[Take, HTMLButtonElement]> = [];
}

export class RowsView {
  readonly node = element('div', 'jd-conflicts', { role: 'grid' });

  constructor(
    private readonly translate: Translate,
    private readonly events: RowsEvents
  ) {
    this.node.setAttribute('aria-label', translate('Conflicts'));
    const head = element('div', 'jd-conflict jd-conflict-head', { role: 'row' });
    for (const name of ['Conflict', 'Base', 'Ours', 'Theirs', 'Take']) {
      const title = labelled('span', '', translate(name));
      title.setAttribute('role', 'columnheader');
      head.append(title);
    }
    this.node.append(head);
    this.node.addEventListener('keydown', this.onKey);
    this.node.addEventListener('focusin', event => this.onFocus(event.target));
  }

  get count(): number {
    return this.rows.length;
  }

  conflict(index: number): Conflict | undefined {
    return this.rows[index]?.conflict;
  }

  add(conflicts: readonly Conflict[]): void {
    for (const conflict of conflicts) {
      const index = this.rows.length;
      const row = new RowView(conflict, index, this.translate, take => this.events.onTake(index, take));
      this.rows.push(row);
      this.group(conflict.table).append(row.node);
    }
  }

  clear(): void {
    this.rows.forEach(row => row.node.remove());
    this.groups.forEach(group => group.remove());
    this.groups.clear();
    this.rows.length = 0;
  }

  show(answers: ReadonlyArray<Take | ''>, over: boolean): void {
    this.rows.forEach(row => row.show(answers[row.index] ?? '', over));
  }

  activate(index: number, focus = false): void {
    this.rows[this.active]?.activate(false);
    this.active = Math.min(Math.max(index, 0), Math.max(this.rows.length - 1, 0));
    this.rows[this.active]?.activate(true);
    if (focus) {
      this.rows[this.active]?.node.focus();
    }
    this.events.onActive(this.active);
  }

  private group(table: string): HTMLElement {
    const known = this.groups.get(table);
    if (known) {
      return known;
    }
    const made = element('div', 'jd-conflict-group', { role: 'rowgroup', 'aria-label': table });
    const title = element('div', 'jd-conflict-table', { role: 'row' });
    const name = labelled('span', '', table);
    name.setAttribute('role', 'rowheader');
    title.append(name);
    made.append(title);
    this.groups.set(table, made);
    this.node.append(made);
    return made;
  }

  private onFocus(target: EventTarget | null): void {
    const found = this.rows.find(row => target instanceof Node && row.node.contains(target));
    if (found && found.index !== this.active) {
      this.activate(found.index);
    }
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const inRow = event.target instanceof HTMLSelectElement;
    if (!inRow && !event.ctrlKey && !event.metaKey && !event.altKey && this.press(event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  private press(key: string): boolean {
    const step = STEPS[key];
    const take = KEYS[key];
    if (step) {
      this.activate(step(this.active, this.rows.length - 1), true);
    } else if (take && this.rows.length > 0) {
      this.events.onTake(this.active, take);
    } else if (key === 'u') {
      this.events.onUndo();
    } else {
      return false;
    }
    return true;
  }

  private readonly rows: RowView[] = [];
  private readonly groups = new Map<string, HTMLElement>();
  private active = 0;
}

function cell(content: HTMLElement): HTMLElement {
  const node = element('div', 'jd-conflict-cell', { role: 'gridcell' });
  node.append(content);
  return node;
}

function value(text: string | null): HTMLElement {
  const node = labelled(
    'span',
    text === null ? 'jd-value jd-null' : 'jd-value',
    text?.slice(0, LONGEST) ?? 'null'
  );
  node.title = text ?? '';
  return node;
}
