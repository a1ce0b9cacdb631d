import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon, spreadsheetIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { bytes, count } from '../ui/format';
import type { Row } from './tree';

/** Name and rows of a table. */
export function TableLine(props: {
  row: Extract<Row, { kind: 'table' }>;
  trans: TranslationBundle;
}): JSX.Element {
  const { table, open } = props.row;
  const Caret = open ? caretDownIcon : caretRightIcon;
  return (
    <>
      <Caret.react tag="span" className="jd-Caret" />
      <spreadsheetIcon.react tag="span" className="jd-RowIcon" />
      <bdi className="jd-Name">{table.name}</bdi>
      <span className="jd-Meta" title={bytes(table.bytes)}>
        {props.trans._n('%2 row', '%2 rows', table.rows, count(table.rows))}
      </span>
    </>
  );
}

/** Name and type of a column; columns of the key are marked. */
export function ColumnLine(props: { row: Extract<Row, { kind: 'column' }> }): JSX.Element {
  const { column, table } = props.row;
  return (
    <>
      <bdi className="jd-Name">{column.name}</bdi>
      <bdi className="jd-Type">{table.key.includes(column.name) ? `${column.type} KEY` : column.type}</bdi>
    </>
  );
}
