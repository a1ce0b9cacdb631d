import type { ColumnInfo, Dataset, TableInfo } from '../api';
import type { Content, Contents } from './contents';

interface Place {
  key: string;
  parent: string | null;
  level: number;
  position: number;
  siblings: number;
  /** Undefined where there is nothing to open. */
  open?: boolean;
}

export type Row = Place &
  (
    | { kind: 'dataset'; dataset: Dataset; content: Content | undefined }
    | { kind: 'table'; dataset: Dataset; table: TableInfo }
    | { kind: 'column'; dataset: Dataset; table: TableInfo; column: ColumnInfo }
  );

/** The rows of the tree that are to be seen, from top to bottom. */
export function rows(datasets: Dataset[], opened: ReadonlySet<string>, contents: Contents): Row[] {
  return datasets.flatMap((dataset, index): Row[] => {
    const key = dataset.id;
    const open = opened.has(key);
    const content = open ? contents.of(key) : undefined;
    const place = { key, parent: null, level: 1, position: index + 1, siblings: datasets.length, open };
    const row: Row = { kind: 'dataset', dataset, content, ...place };
    return [row, ...(open ? tables(dataset, content?.version?.tables ?? [], opened) : [])];
  });
}

function tables(dataset: Dataset, all: TableInfo[], opened: ReadonlySet<string>): Row[] {
  return all.flatMap((table, index): Row[] => {
    const key = JSON.stringify([dataset.id, table.name]);
    const open = opened.has(key);
    const place = { key, parent: dataset.id, level: 2, position: index + 1, siblings: all.length, open };
    return [{ kind: 'table', dataset, table, ...place }, ...(open ? columns(dataset, table, key) : [])];
  });
}

function columns(dataset: Dataset, table: TableInfo, parent: string): Row[] {
  return table.columns.map((column, index) => ({
    kind: 'column',
    dataset,
    table,
    column,
    key: JSON.stringify([dataset.id, table.name, column.name]),
    parent,
    level: 3,
    position: index + 1,
    siblings: table.columns.length
  }));
}

/** Where a key of the keyboard leads in a tree, and whether it opens or closes a row on the way. */
export function move(all: Row[], key: string, pressed: string): { to: string; toggle: boolean } | null {
  const index = all.findIndex(row => row.key === key);
  const row = all[index];
  const step = (to: number) => ({ to: all[Math.max(0, Math.min(all.length - 1, to))].key, toggle: false });
  switch (row && pressed) {
    case 'ArrowDown':
      return step(index + 1);
    case 'ArrowUp':
      return step(index - 1);
    case 'Home':
      return step(0);
    case 'End':
      return step(all.length - 1);
    case 'ArrowRight':
      return row.open === false ? { to: key, toggle: true } : row.open ? step(index + 1) : null;
    case 'ArrowLeft':
      return row.open ? { to: key, toggle: true } : row.parent ? { to: row.parent, toggle: false } : null;
    default:
      return null;
  }
}
