import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ApiError, Commit, TableDiff, VersionDiff } from '../api';
import { asApiError } from '../api';
import { Failure, Loading } from '../ui/errors';
import { count, short } from '../ui/format';
import type { TabProps } from './tab';

/** What differs between two commits, the older one first. */
export function Compare({ pair, model, trans }: TabProps & { pair: [Commit, Commit] }): JSX.Element {
  const [old, now] = [...pair].sort((a, b) => a.seq - b.seq);
  const [diff, setDiff] = React.useState<VersionDiff | null>(null);
  const [error, setError] = React.useState<ApiError | null>(null);
  const [tries, setTries] = React.useState(0);
  React.useEffect(() => {
    let over = false;
    setDiff(null);
    setError(null);
    model.api.versions.diff(model.id, old.id, now.id).then(
      found => over || setDiff(found),
      reason => over || setError(asApiError(reason))
    );
    return () => {
      over = true;
    };
  }, [old.id, now.id, tries]);
  return (
    <section
      className="jd-Compare"
      aria-label={trans.__('Changes from %1 to %2', short(old.id), short(now.id))}
    >
      <h3>
        <code>{short(old.id)}</code> → <code>{short(now.id)}</code>
      </h3>
      {error && <Failure error={error} trans={trans} retry={() => setTries(tries + 1)} />}
      {!diff && !error && <Loading trans={trans} />}
      {diff && <Summary diff={diff} trans={trans} />}
    </section>
  );
}

function Summary({ diff, trans }: { diff: VersionDiff; trans: TranslationBundle }): JSX.Element {
  if (diff.tables.length + diff.files.length === 0) {
    return <p>{trans.__('Both versions hold the same.')}</p>;
  }
  const words = { added: trans.__('added'), removed: trans.__('removed'), changed: trans.__('changed') };
  return (
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
  );
}

type Words = Record<'added' | 'removed' | 'changed', string>;

function TableChange(props: { table: TableDiff; words: Words; trans: TranslationBundle }): JSX.Element {
  const { table, words, trans } = props;
  return (
    <>
      <bdi className="jd-Name">{table.new_name ?? table.old_name}</bdi>{' '}
      {table.kind === 'renamed' ? trans.__('was %1', table.old_name ?? '') : words[table.kind]}
      <span className="jd-Meta">
        {trans.__('%1 → %2 rows', count(table.old_rows), count(table.new_rows))}
      </span>
      {table.columns.length > 0 && (
        <ul>
          {table.columns.map((column, index) => (
            <li key={index}>
              <bdi>{(column.new ?? column.old)?.name}</bdi>{' '}
              <span className="jd-Meta">
                {words[column.kind]}: {[column.old?.type, column.new?.type].filter(Boolean).join(' → ')}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
