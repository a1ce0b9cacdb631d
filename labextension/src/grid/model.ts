/** What a grid shows, and where its cells come from. */

export interface GridColumn {
  readonly name: string;
  /** The logical type, in DuckDB's words. */
  readonly type: string;
}

export interface GridShape {
  readonly columns: readonly GridColumn[];
  readonly rows: number;
}

/** A rectangle of cells: rows from `offset` on, columns from `firstColumn` on. */
export interface PageRequest {
  readonly offset: number;
  readonly limit: number;
  readonly firstColumn: number;
  readonly columnCount: number;
  /** Whether long texts are wanted whole, as for copying; else the source may cut them and end them with "…". */
  readonly whole: boolean;
}

/** A value that took the place of another one. */
export interface Change {
  readonly before: string | null;
  readonly after: string | null;
}

/** An exact text, null where there is no value, or both values where one took the place of the other. */
export type CellValue = string | null | Change;

/** How a row of one version is in another one. */
export type RowMark = 'added' | 'removed' | 'changed';

/** The cells of a request. */
export interface Page {
  readonly offset: number;
  readonly rows: ReadonlyArray<ReadonlyArray<CellValue>>;
}

export interface GridSource {
  /** What the grid shows, for screen readers. */
  readonly label: string;
  shape(signal: AbortSignal): Promise<GridShape>;
  page(request: PageRequest, signal: AbortSignal): Promise<Page>;
}

/** Translates a message; `%1`, `%2` stand for the arguments, as in JupyterLab's `trans.__`. */
export type Translate = (message: string, ...args: string[]) => string;

export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** Rows and columns from the first up to, but not including, the end. */
export interface Area {
  readonly firstRow: number;
  readonly endRow: number;
  readonly firstColumn: number;
  readonly endColumn: number;
}

export function plain(message: string, ...args: string[]): string {
  return message.replace(/%(\d)/g, (_, digit: string) => args[Number(digit) - 1] ?? '');
}

/** A value in one line of text. */
export function textOf(value: CellValue): string | null {
  return value !== null && typeof value === 'object'
    ? `${value.before ?? 'null'} → ${value.after ?? 'null'}`
    : value;
}

/** A text as wide as what is painted of a value; that of a change has room around its parts. */
export function widest(value: CellValue): string | null {
  return typeof value === 'string' ? value : value && `${textOf(value)}   `;
}

export function isNumeric(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|BIGNUM|FLOAT|DOUBLE|DECIMAL)\b(?!.*\])/.test(type);
}
