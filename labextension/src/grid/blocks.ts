/** Cells that were loaded, in blocks of rows and columns, the least recently used forgotten first. */

import type { Area, CellValue, Page, PageRequest } from './model';

export const BLOCK_ROWS = 64;
export const BLOCK_COLUMNS = 16;
const REMEMBERED = 256;

type Block = ReadonlyArray<ReadonlyArray<CellValue>>;

export class Blocks {
  constructor(
    private readonly rows: number,
    private readonly columns: number
  ) {
    this.across = Math.ceil(columns / BLOCK_COLUMNS);
  }

  /** The value of a cell; undefined while it is not loaded. */
  cell(row: number, column: number): CellValue | undefined {
    const block = this.found.get(this.key(Math.floor(row / BLOCK_ROWS), Math.floor(column / BLOCK_COLUMNS)));
    return block?.[row % BLOCK_ROWS]?.[column % BLOCK_COLUMNS];
  }

  /** What to ask for so that an area is whole: one rectangle of blocks; null when nothing is missing. */
  missing(area: Area): PageRequest | null {
    let [top, left, bottom, right] = [Infinity, Infinity, -1, -1];
    for (const [down, across] of this.over(area)) {
      if (!this.touch(this.key(down, across))) {
        [top, left] = [Math.min(top, down), Math.min(left, across)];
        [bottom, right] = [Math.max(bottom, down), Math.max(right, across)];
      }
    }
    return bottom < 0 ? null : this.request(top, left, bottom + 1, right + 1);
  }

  /** Keep what a request brought. */
  add(request: PageRequest, page: Page): void {
    for (let row = 0; row < request.limit; row += BLOCK_ROWS) {
      const lines = page.rows.slice(row, row + BLOCK_ROWS);
      for (let column = 0; column < request.columnCount; column += BLOCK_COLUMNS) {
        const key = this.key(
          (request.offset + row) / BLOCK_ROWS,
          (request.firstColumn + column) / BLOCK_COLUMNS
        );
        this.keep(
          key,
          lines.map(line => line.slice(column, column + BLOCK_COLUMNS))
        );
      }
    }
  }

  private request(top: number, left: number, bottom: number, right: number): PageRequest {
    const offset = top * BLOCK_ROWS;
    const firstColumn = left * BLOCK_COLUMNS;
    return {
      offset,
      limit: Math.min(bottom * BLOCK_ROWS, this.rows) - offset,
      firstColumn,
      columnCount: Math.min(right * BLOCK_COLUMNS, this.columns) - firstColumn,
      whole: false
    };
  }

  private *over(area: Area): Iterable<[number, number]> {
    const endDown = Math.ceil(Math.min(area.endRow, this.rows) / BLOCK_ROWS);
    const endAcross = Math.ceil(Math.min(area.endColumn, this.columns) / BLOCK_COLUMNS);
    for (let down = Math.floor(area.firstRow / BLOCK_ROWS); down < endDown; down++) {
      for (let across = Math.floor(area.firstColumn / BLOCK_COLUMNS); across < endAcross; across++) {
        yield [down, across];
      }
    }
  }

  private key(down: number, across: number): number {
    return down * this.across + across;
  }

  private touch(key: number): boolean {
    const block = this.found.get(key);
    if (block) {
      this.found.delete(key);
      this.found.set(key, block);
    }
    return block !== undefined;
  }

  private keep(key: number, block: Block): void {
    this.found.delete(key);
    this.found.set(key, block);
    for (const oldest of this.found.keys()) {
      if (this.found.size <= REMEMBERED) {
        break;
      }
      this.found.delete(oldest);
    }
  }

  private readonly found = new Map<number, Block>();
  private readonly across: number;
}

export function covers(outer: PageRequest, inner: PageRequest): boolean {
  return (
    outer.offset <= inner.offset &&
    outer.offset + outer.limit >= inner.offset + inner.limit &&
    outer.firstColumn <= inner.firstColumn &&
    outer.firstColumn + outer.columnCount >= inner.firstColumn + inner.columnCount
  );
}
