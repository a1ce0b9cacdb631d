/** The rows of one table that differ, as a grid's source. */

import type { Cell, GridShape, GridSource, Page, PageRequest, RowMark } from '../grid';
import type { DiffSource, Line, LinesRequest, Outline } from './model';

/** Which rows and columns are looked at. */
export interface Choice {
  readonly kinds: readonly RowMark[];
  /** Places of columns. */
  readonly columns: readonly number[];
}

export class Lines implements GridSource {
  constructor(
    private readonly source: DiffSource,
    private readonly table: number,
    private readonly outline: Outline,
    private readonly choice: Choice
  ) {
    this.rows = choice.kinds.reduce((sum, kind) => sum + outline.counts[kind], 0);
  }

  readonly rows: number;

  get label(): string {
    return `Rows of ${this.source.difference.tables[this.table]?.name ?? ''} that differ`;
  }

  async shape(): Promise<GridShape> {
    const columns = this.choice.columns.map(place => this.outline.columns[place] ?? { name: '', type: '' });
    return { columns, rows: this.rows };
  }

  async page(request: PageRequest, signal: AbortSignal): Promise<Page> {
    const { offset, limit, firstColumn, columnCount, whole } = request;
    const columns = this.choice.columns.slice(firstColumn, firstColumn + columnCount);
    const lines = await this.ask({ offset, limit, columns, purpose: whole ? 'copy' : 'page' }, signal);
    return { offset, rows: lines.map(line => line.cells) };
  }

  /** How a row differs, if it was loaded. */
  mark(row: number): RowMark | undefined {
    return this.seen.get(row)?.kind;
  }

  /** The next changed cell behind one, or before it; of a row that is added or removed whole, its first cell. */
  async next({ row, column }: Cell, step: 1 | -1, signal: AbortSignal): Promise<Cell | null> {
    const here = (await this.changed(row, signal)).filter(each => (each - column) * step > 0);
    const target = step > 0 ? here[0] : here.at(-1);
    if (target !== undefined) {
      return { row, column: target };
    }
    const other = row + step;
    if (other < 0 || other >= this.rows) {
      return null;
    }
    const there = await this.changed(other, signal);
    return { row: other, column: (step > 0 ? there[0] : there.at(-1)) ?? 0 };
  }

  /** The columns of the grid in which a row was changed. */
  private async changed(row: number, signal: AbortSignal): Promise<number[]> {
    if (!this.seen.has(row)) {
      await this.ask(
        { offset: row, limit: 1, columns: this.choice.columns.slice(0, 1), purpose: 'step' },
        signal
      );
    }
    const places = new Set(this.seen.get(row)?.places);
    return this.choice.columns.flatMap((place, column) => (places.has(place) ? [column] : []));
  }

  private async ask(wanted: Omit<LinesRequest, 'table' | 'kinds'>, signal: AbortSignal): Promise<Line[]> {
    const lines = await this.source.lines({ table: this.table, kinds: this.choice.kinds, ...wanted }, signal);
    lines.forEach((line, index) => this.seen.set(wanted.offset + index, line));
    return lines;
  }

  private readonly seen = new Map<number, Pick<Line, 'kind' | 'places'>>();
}
