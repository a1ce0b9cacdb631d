/** The selected rectangle of cells, and where keys lead. */

import type { Area, Cell } from './model';

export interface Extent {
  readonly rows: number;
  readonly columns: number;
  /** Rows of a screen. */
  readonly page: number;
}

/** From the cell where the selection began to the active one. */
export interface Selection {
  readonly anchor: Cell;
  readonly active: Cell;
}

type Step = (cell: Cell, extent: Extent) => Cell;

const STEPS: Record<string, Step> = {
  ArrowUp: ({ row, column }) => ({ row: row - 1, column }),
  ArrowDown: ({ row, column }) => ({ row: row + 1, column }),
  ArrowLeft: ({ row, column }) => ({ row, column: column - 1 }),
  ArrowRight: ({ row, column }) => ({ row, column: column + 1 }),
  PageUp: ({ row, column }, { page }) => ({ row: row - page, column }),
  PageDown: ({ row, column }, { page }) => ({ row: row + page, column }),
  Home: ({ row }) => ({ row, column: 0 }),
  End: ({ row }, { columns }) => ({ row, column: columns - 1 })
};

const LEAPS: Record<string, Step> = {
  ArrowUp: ({ column }) => ({ row: 0, column }),
  ArrowDown: ({ column }, { rows }) => ({ row: rows - 1, column }),
  ArrowLeft: ({ row }) => ({ row, column: 0 }),
  ArrowRight: ({ row }, { columns }) => ({ row, column: columns - 1 }),
  Home: () => ({ row: 0, column: 0 }),
  End: (_, { rows, columns }) => ({ row: rows - 1, column: columns - 1 })
};

/** Where a key leads from a cell, with or without Ctrl; null for a key that leads nowhere. */
export function destination(key: string, leap: boolean, from: Cell, extent: Extent): Cell | null {
  const step = (leap ? LEAPS : STEPS)[key];
  return step ? within(step(from, extent), extent) : null;
}

export function within({ row, column }: Cell, { rows, columns }: Extent): Cell {
  return {
    row: Math.min(Math.max(row, 0), Math.max(rows - 1, 0)),
    column: Math.min(Math.max(column, 0), Math.max(columns - 1, 0))
  };
}

export function areaOf({ anchor, active }: Selection): Area {
  return {
    firstRow: Math.min(anchor.row, active.row),
    endRow: Math.max(anchor.row, active.row) + 1,
    firstColumn: Math.min(anchor.column, active.column),
    endColumn: Math.max(anchor.column, active.column) + 1
  };
}

export function contains(area: Area, row: number, column: number): boolean {
  return row >= area.firstRow && row < area.endRow && column >= area.firstColumn && column < area.endColumn;
}

export function cellCount(area: Area): number {
  return (area.endRow - area.firstRow) * (area.endColumn - area.firstColumn);
}
