/** Widths and places of columns. */

import type { GridColumn } from './model';
import { isNumeric } from './model';

const LEAST = 48;
const MOST = 1600;
const MOST_FITTED = 360;
const PADDING = 20;
const CHARACTER = 8;

export class Columns {
  constructor(readonly items: readonly GridColumn[]) {
    this.widths = items.map(column => fitted([column.name, column.type.slice(0, 16)]));
    this.starts = new Float64Array(items.length + 1);
    this.numeric = items.map(column => isNumeric(column.type));
    this.place(0);
  }

  readonly numeric: readonly boolean[];

  get width(): number {
    return this.starts[this.items.length] ?? 0;
  }

  start(column: number): number {
    return this.starts[column] ?? 0;
  }

  widthOf(column: number): number {
    return this.widths[column] ?? 0;
  }

  resize(column: number, width: number): void {
    this.widths[column] = Math.min(Math.max(Math.round(width), LEAST), MOST);
    this.chosen.add(column);
    this.place(column);
  }

  /** Make a column as wide as these texts and its header need, unless a person chose its width. */
  fit(column: number, texts: Iterable<string | null>, force = false): void {
    const item = this.items[column];
    if (item && (force || !this.chosen.has(column))) {
      this.widths[column] = fitted([item.name, item.type.slice(0, 16), ...texts]);
      this.place(column);
    }
  }

  /** The columns that are seen between two places: the first, and the end. */
  between(left: number, right: number): [number, number] {
    const first = this.at(left);
    let end = first;
    while (end < this.items.length && this.start(end) < right) {
      end += 1;
    }
    return [first, end];
  }

  /** The column at a place; the nearest one beyond the ends. */
  at(place: number): number {
    let low = 0;
    let high = Math.max(this.items.length - 1, 0);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.start(middle) <= place) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private place(from: number): void {
    for (let i = from; i < this.items.length; i++) {
      this.starts[i + 1] = this.start(i) + this.widthOf(i);
    }
  }

  private readonly widths: number[];
  private readonly starts: Float64Array;
  private readonly chosen = new Set<number>();
}

function fitted(texts: Iterable<string | null>): number {
  let longest = 0;
  for (const text of texts) {
    longest = Math.max(longest, (text ?? 'null').length);
  }
  return Math.min(Math.max(Math.ceil(longest * CHARACTER) + PADDING, LEAST), MOST_FITTED);
}
