import * as React from 'react';

import { CommandIDs } from '../tokens';
import { useDragStart } from '../ui/dragstart';
import { DatasetLine } from './datasetline';
import type { SidebarProps } from './sidebar';
import { ColumnLine, TableLine } from './tablelines';
import type { Row } from './tree';
import { move, rows } from './tree';

/** Datasets, their tables and columns as a tree; one row has the focus, the arrow keys move it. */
export function Tree(props: SidebarProps): JSX.Element {
  const { model, trans } = props;
  const [opened, setOpened] = React.useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = React.useState<string | null>(null);
  const tree = React.useRef<HTMLDivElement>(null);
  const all = rows(model.found, opened, model.contents);
  const current = all.some(row => row.key === active) ? active : all[0].key;

  const toggle = (key: string) => {
    const next = new Set(opened);
    if (!next.delete(key)) {
      next.add(key);
    }
    setOpened(next);
  };
  const focus = (row: Row) => {
    setActive(row.key);
    model.target = targetOf(row);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const moved = move(all, current!, event.key);
    if (moved?.toggle) {
      event.preventDefault();
      toggle(moved.to);
    } else if (moved) {
      event.preventDefault();
      focusRow(tree.current, moved.to);
    } else {
      act(
        props,
        all.find(row => row.key === current)!,
        event
      );
    }
  };

  return (
    <div ref={tree} className="jd-Tree" role="tree" aria-label={trans.__('Datasets')} onKeyDown={onKeyDown}>
      {all.map(row => (
        <TreeRow
          key={row.key}
          row={row}
          props={props}
          current={row.key === current}
          toggle={() => toggle(row.key)}
          focus={() => focus(row)}
        />
      ))}
    </div>
  );
}

function TreeRow(given: {
  row: Row;
  props: SidebarProps;
  current: boolean;
  toggle: () => void;
  focus: () => void;
}): JSX.Element {
  const { row, props } = given;
  const { dataset, table } = targetOf(row);
  const drag = useDragStart(event => props.drag(event, dataset, table));
  return (
    <div
      role="treeitem"
      className={`jd-Tree-row jd-mod-${row.kind}`}
      data-key={row.key}
      data-dataset={dataset}
      data-table={table}
      tabIndex={given.current ? 0 : -1}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={row.open}
      aria-selected={given.current}
      onFocus={given.focus}
      onPointerDown={drag}
      onClick={given.toggle}
      onDoubleClick={() => open(props, row)}
    >
      <Line row={row} props={props} />
    </div>
  );
}

function Line({ row, props }: { row: Row; props: SidebarProps }): JSX.Element {
  switch (row.kind) {
    case 'dataset':
      return <DatasetLine row={row} {...props} />;
    case 'table':
      return <TableLine row={row} trans={props.trans} />;
    case 'column':
      return <ColumnLine row={row} />;
  }
}

function targetOf(row: Row): { dataset: string; table?: string } {
  return { dataset: row.dataset.id, table: row.kind === 'dataset' ? undefined : row.table.name };
}

function open(props: SidebarProps, row: Row): void {
  void props.commands.execute(CommandIDs.open, targetOf(row));
}

const KEYS: Record<string, string> = { F2: CommandIDs.rename, Delete: CommandIDs.delete };

function act(props: SidebarProps, row: Row, event: React.KeyboardEvent): void {
  if (event.key === 'Enter') {
    open(props, row);
  } else if (KEYS[event.key] && row.kind === 'dataset') {
    void props.commands.execute(KEYS[event.key], { dataset: row.dataset.id });
  } else {
    return;
  }
  event.preventDefault();
}

function focusRow(tree: HTMLElement | null, key: string): void {
  tree?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
