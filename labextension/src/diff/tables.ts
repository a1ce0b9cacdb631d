/** The tables that differ, one of which is looked at, and the files. */

import { element } from '../grid/dom';
import type { Translate } from '../grid';
import { labelled } from '../ui/panel';
import { KINDS, number, SIGNS, type Counts, type Difference, type TableChange } from './model';

const STEPS: Record<string, (from: number, last: number) => number> = {
  ArrowUp: from => from - 1,
  ArrowDown: from => from + 1,
  Home: () => 0,
  End: (_, last) => last
};

export class TablesView {
  readonly node = element('div', 'jd-diff-tables');

  constructor(
    { tables, files }: Difference,
    private readonly translate: Translate,
    private readonly onSelect: (table: number) => void
  ) {
    const list = element('div', 'jd-diff-list', { role: 'listbox', 'aria-label': translate('Tables') });
    this.items = tables.map((table, index) => this.item(table, index));
    list.append(...this.items);
    list.addEventListener('keydown', this.onKey);
    const others = element('ul', 'jd-diff-list', { 'aria-label': translate('Files') });
    others.append(...files.map(({ kind, name }) => line('li', kind, name, translate('file %1', kind))));
    this.node.append(...(tables.length ? [list] : []), ...(files.length ? [others] : []));
  }

  select(table: number): void {
    this.items.forEach((item, index) => {
      item.setAttribute('aria-selected', String(index === table));
      item.tabIndex = index === table ? 0 : -1;
    });
    this.selected = table;
    this.onSelect(table);
  }

  /** Say how many rows differ; an error where that could not be found. */
  count(table: number, counts: Counts | Error): void {
    const place = this.items[table]?.querySelector('.jd-diff-counts');
    if (counts instanceof Error) {
      place?.replaceChildren(labelled('span', '', '?'));
      place?.setAttribute('title', counts.message);
    } else {
      place?.replaceChildren(...KINDS.filter(kind => counts[kind] > 0).map(kind => countOf(kind, counts)));
    }
  }

  private item({ name, formerly, kind }: TableChange, index: number): HTMLElement {
    const about = kind === 'renamed' ? this.translate('renamed from %1', formerly ?? '') : kind;
    const item = line('div', kind, name, about);
    item.append(element('span', 'jd-diff-counts'));
    item.setAttribute('role', 'option');
    item.addEventListener('click', () => this.select(index));
    return item;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const last = this.items.length - 1;
    const step = STEPS[event.key];
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      this.select(Math.min(Math.max(step(this.selected, last), 0), last));
      this.items[this.selected]?.focus();
    }
  };

  private readonly items: readonly HTMLElement[];
  private selected = 0;
}

function line(tag: 'li' | 'div', kind: TableChange['kind'], name: string, about: string): HTMLElement {
  const node = element(tag, 'jd-diff-item');
  const sign = labelled('span', `jd-sign jd-sign-${kind}`, SIGNS[kind]);
  sign.setAttribute('aria-hidden', 'true');
  node.append(sign, labelled('span', 'jd-diff-name', name), labelled('span', 'jd-diff-kind', about));
  return node;
}

function countOf(kind: keyof Counts, counts: Counts): HTMLElement {
  const node = labelled('span', `jd-count jd-sign-${kind}`, `${SIGNS[kind]}${number(counts[kind])}`);
  node.title = `${number(counts[kind])} ${kind}`;
  return node;
}
