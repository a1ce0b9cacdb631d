/** What a difference shows, and where its rows come from. */

import type { CellValue, GridColumn, RowMark } from '../grid';

/** One of the two versions. */
export interface Side {
  readonly id: string;
  readonly seq: number;
  readonly author: string;
  /** Microseconds UTC. */
  readonly time: number;
  readonly message: string;
  readonly refs: readonly string[];
}

/** A column that differs, in words; empty on the side that lacks it. */
export interface ColumnChange {
  readonly kind: RowMark;
  readonly old: string;
  readonly new: string;
}

export interface TableChange {
  readonly name: string;
  readonly formerly: string | null;
  readonly kind: RowMark | 'renamed';
  readonly columns: readonly ColumnChange[];
}

export interface FileChange {
  readonly name: string;
  readonly kind: RowMark;
}

export interface Difference {
  readonly label: string;
  readonly old: Side;
  readonly new: Side;
  readonly tables: readonly TableChange[];
  readonly files: readonly FileChange[];
}

export type Counts = Readonly<Record<RowMark, number>>;

/** What there is to page through in a table. */
export interface Outline {
  readonly columns: readonly GridColumn[];
  /** Places of the columns that tell rows apart. */
  readonly key: readonly number[];
  /** Places of the columns in which changed rows differ. */
  readonly changed: readonly number[];
  /** How many lines there are of each kind. */
  readonly counts: Counts;
  /** Whether more rows differ than there are lines. */
  readonly cut: boolean;
}

export interface LinesRequest {
  /** Counted from 0. */
  readonly table: number;
  readonly offset: number;
  readonly limit: number;
  readonly kinds: readonly RowMark[];
  /** Places of the columns wanted. */
  readonly columns: readonly number[];
  /** To be looked at, with long texts cut; to be copied whole; or to know where the next change is. */
  readonly purpose: 'page' | 'copy' | 'step';
}

/** A row that differs. */
export interface Line {
  readonly kind: RowMark;
  /** Places of all columns in which a changed row differs. */
  readonly places: readonly number[];
  /** Of the columns wanted. */
  readonly cells: readonly CellValue[];
}

export interface DiffSource {
  readonly difference: Difference;
  counts(table: number, signal: AbortSignal): Promise<Counts>;
  open(table: number, signal: AbortSignal): Promise<Outline>;
  lines(request: LinesRequest, signal: AbortSignal): Promise<Line[]>;
}

export const KINDS: readonly RowMark[] = ['added', 'removed', 'changed'];

export const SIGNS: Readonly<Record<RowMark | 'renamed', string>> = {
  added: '+',
  removed: '−',
  changed: '~',
  renamed: '→'
};

export function number(value: number): string {
  return value.toLocaleString('en-US');
}
