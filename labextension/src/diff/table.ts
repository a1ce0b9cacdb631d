/** One table: its columns that differ, and its rows, to be chosen by kind and gone through change by change. */

import { DataGrid, type RowMark, type Translate } from '../grid';
import { element } from '../grid/dom';
import { button, labelled, Notice } from '../ui/panel';
import { Lines } from './lines';
import { KINDS, number, SIGNS, type ColumnChange, type DiffSource, type Outline } from './model';

/** Header, status line and scrollbar of the grid; a row; and rows at most. */
const FRAME = 82;
const ROW = 24;
const ROWS = 14;

export class TableView {
  readonly node = element('div', 'jd-diff-table');

  constructor(
    private readonly source: DiffSource,
    private readonly table: number,
    private readonly translate: Translate
  ) {
    const columns = source.difference.tables[table]?.columns ?? [];
    this.node.append(...(columns.length ? [this.columns(columns)] : []), this.notice.node);
    this.node.append(this.bar, this.place, this.cut);
    this.bar.hidden = this.cut.hidden = true;
    void this.open();
  }

  dispose(): void {
    this.closing.abort();
    this.grid?.dispose();
    this.node.remove();
  }

  private columns(changes: readonly ColumnChange[]): HTMLElement {
    const list = element('ul', 'jd-diff-columns', { 'aria-label': this.translate('Columns that differ') });
    list.append(
      ...changes.map(({ kind, old, new: now }) => {
        const item = labelled('li', `jd-sign-${kind}`, `${SIGNS[kind]} `);
        item.append([old, now].filter(Boolean).join(' → '));
        item.title = this.translate('column %1', kind);
        return item;
      })
    );
    return list;
  }

  private async open(): Promise<void> {
    this.notice.say(this.translate('Comparing …'));
    try {
      const outline = await this.source.open(this.table, this.closing.signal);
      this.notice.clear();
      this.begin(outline);
    } catch (error) {
      if (!this.closing.signal.aborted) {
        this.notice.fail(
          error,
          button(this.translate('Try again'), () => void this.open())
        );
      }
    }
  }

  private begin(outline: Outline): void {
    this.outline = outline;
    const total = KINDS.reduce((sum, kind) => sum + outline.counts[kind], 0);
    if (total === 0) {
      this.notice.say(this.translate('Its rows are the same in both versions.'));
      return;
    }
    this.fill(outline);
    this.cut.textContent = this.translate('More rows differ: these are the first %1.', number(total));
    this.cut.hidden = !outline.cut;
    this.bar.hidden = false;
    this.show();
  }

  private fill({ counts, columns, key, changed }: Outline): void {
    const filters = element('span', 'jd-diff-filters', {
      role: 'group',
      'aria-label': this.translate('Kinds of rows')
    });
    filters.append(...KINDS.filter(kind => counts[kind] > 0).map(kind => this.filter(kind, counts[kind])));
    const shown = new Set([...key, ...changed]).size;
    const narrow = button(this.translate('Changed columns only'), () => {
      this.isNarrow = !this.isNarrow;
      narrow.setAttribute('aria-pressed', String(this.isNarrow));
      this.show();
    });
    narrow.setAttribute('aria-pressed', 'false');
    narrow.hidden = changed.length === 0 || shown === columns.length;
    const previous = button('↑', () => void this.step(-1), this.translate('Previous change (P)'));
    const next = button(
      this.translate('↓ Next change'),
      () => void this.step(1),
      this.translate('Next change (N)')
    );
    previous.setAttribute('aria-label', this.translate('Previous change'));
    const steps = element('span', 'jd-diff-steps');
    steps.append(previous, next);
    this.bar.append(filters, narrow, element('span', 'jd-space'), steps);
  }

  private filter(kind: RowMark, count: number): HTMLElement {
    const node = button(`${SIGNS[kind]} ${number(count)} ${this.translate(kind)}`, () => {
      const others = this.kinds.filter(each => each !== kind);
      this.kinds = this.kinds.includes(kind)
        ? others
        : KINDS.filter(each => each === kind || others.includes(each));
      node.setAttribute('aria-pressed', String(this.kinds.includes(kind)));
      this.show();
    });
    node.classList.add(`jd-filter-${kind}`);
    node.setAttribute('aria-pressed', 'true');
    return node;
  }

  /** Show the rows and columns that are chosen now. */
  private show(): void {
    const { columns, key, changed } = this.outline as Outline;
    const all = columns.map((_, place) => place);
    const few = new Set([...key, ...changed]);
    this.lines = new Lines(this.source, this.table, this.outline as Outline, {
      kinds: this.kinds,
      columns: this.isNarrow ? all.filter(place => few.has(place)) : all
    });
    this.place.style.height = `${FRAME + Math.min(Math.max(this.lines.rows, 2), ROWS) * ROW}px`;
    this.grid?.dispose();
    const { lines } = this;
    this.grid = new DataGrid(this.place, lines, {
      translate: this.translate,
      mark: row => lines.mark(row),
      empty: this.translate('No rows are of a kind that is chosen above.')
    });
  }

  /** Go to the next change, or to the one before. */
  async step(step: 1 | -1): Promise<void> {
    const { grid, lines } = this;
    if (grid && lines && lines.rows > 0) {
      const from = this.stepped
        ? grid.active
        : { ...grid.active, column: step > 0 ? -1 : grid.active.column };
      const target = await lines.next(from, step, this.closing.signal).catch(() => null);
      if (target && grid === this.grid) {
        this.stepped = true;
        grid.select(target);
        requestAnimationFrame(() => grid.focus());
      }
    }
  }

  private readonly notice = new Notice();
  private readonly bar = element('div', 'jd-diff-bar');
  private readonly place = element('div', 'jd-diff-rows');
  private readonly cut = element('div', 'jd-notice', { role: 'note' });
  private readonly closing = new AbortController();
  private outline: Outline | null = null;
  private lines: Lines | null = null;
  private grid: DataGrid | null = null;
  private kinds: readonly RowMark[] = KINDS;
  private isNarrow = false;
  /** Whether the active cell is where a step led: before that it is no change yet that was seen. */
  private stepped = false;
}
