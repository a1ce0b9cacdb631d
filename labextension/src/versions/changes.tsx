import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { TableDiff, VersionDiff } from '../api';
import { count } from '../ui/format';

type ColumnDiff = TableDiff['columns'][number];
type Words = Record<TableDiff['kind'], string>;

/** What differs between two versions: each table with its rows and columns, and each file. */
export function Changes({ diff, trans }: { diff: VersionDiff; trans: TranslationBundle }): JSX.Element {
  if (diff.tables.length + diff.files.length === 0) {
    return <p>{trans.__('Both versions hold the same.')}</p>;
  }
  const words: Words = {
    added: trans.__('added'),
    removed: trans.__('removed'),
    changed: trans.__('changed'),
    renamed: trans.__('renamed')
  };
  return (
    <>
      <p>{summary(diff, words, trans)}</p>
      <ul className="jd-Changes">
        {diff.tables.map((table, index) => (
          <li key={index} data-change={table.kind}>
            <TableChange table={table} words={words} trans={trans} />
          </li>
        ))}
        {diff.files.map(file => (
          <li key={`file ${file.name}`} data-change={file.kind}>
            <bdi className="jd-Name">{file.name}</bdi> {trans.__('file')}, {words[file.kind]}
          </li>
        ))}
      </ul>
    </>
  );
}

/** "Tables: 1 added, 2 changed · Files: 1 removed". */
function summary({ tables, files }: VersionDiff, words: Words, trans: TranslationBundle): string {
  const numbers = (all: { kind: TableDiff['kind'] }[]) =>
    (Object.keys(words) as TableDiff['kind'][])
      .map(kind => [all.filter(each => each.kind === kind).length, words[kind]] as const)
      .filter(([number]) => number > 0)
      .map(([number, word]) => `${count(number)} ${word}`)
      .join(', ');
  const parts = [
    tables.length > 0 && trans.__('Tables: %1', numbers(tables)),
    files.length > 0 && trans.__('Files: %1', numbers(files))
  ];
  return parts.filter(Boolean).join(' · ');
}

function TableChange(props: { table: TableDiff; words: Words; trans: TranslationBundle }): JSX.Element {
  const { table, words, trans } = props;
  return (
    <>
      <bdi className="jd-Name">{table.new_name ?? table.old_name}</bdi>{' '}
      {table.kind === 'renamed' ? trans.__('was %1', table.old_name ?? '') : words[table.kind]}
      <span className="jd-Meta">{rowsText(table, trans)}</span>
      {table.columns.length > 0 && (
        <ul>
          {table.columns.map((column, index) => (
            <li key={index} data-change={column.kind}>
              <bdi>{(column.new ?? column.old)?.name}</bdi>{' '}
              <span className="jd-Meta">
                {words[column.kind]}: {columnText(column, trans)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** How many rows came, went, or are there on both sides. */
function rowsText(table: TableDiff, trans: TranslationBundle): string {
  const { old_rows: old, new_rows: now } = table;
  switch (table.kind) {
    case 'added':
      return trans._n('%2 row added', '%2 rows added', now, count(now));
    case 'removed':
      return trans._n('%2 row removed', '%2 rows removed', old, count(old));
    case 'renamed':
      return trans._n('%2 row, unchanged', '%2 rows, unchanged', now, count(now));
    case 'changed':
      return `${trans.__('%1 → %2 rows', count(old), count(now))} (${difference(now - old, trans)})`;
  }
}

function difference(rows: number, trans: TranslationBundle): string {
  if (rows === 0) {
    return trans.__('as many');
  }
  return rows > 0 ? trans.__('%1 more', count(rows)) : trans.__('%1 fewer', count(-rows));
}

/** The type, and what became of name, type and nulls of a column that is on both sides. */
function columnText({ old, new: now }: ColumnDiff, trans: TranslationBundle): string {
  if (!old || !now) {
    return (old ?? now)?.type ?? '';
  }
  const parts = [
    old.name !== now.name && trans.__('was %1', old.name),
    old.type !== now.type && `${old.type} → ${now.type}`,
    old.nullable !== now.nullable && (now.nullable ? trans.__('may be null') : trans.__('never null'))
  ];
  return parts.filter(Boolean).join(', ');
}
