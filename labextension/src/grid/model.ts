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

/** The cells of a request: exact texts, null where there is no value. */
export interface Page {
  readonly offset: number;
  readonly rows: ReadonlyArray<ReadonlyArray<string | null>>;
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

export function isNumeric(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|BIGNUM|FLOAT|DOUBLE|DECIMAL)\b(?!.*\])/.test(type);
}
