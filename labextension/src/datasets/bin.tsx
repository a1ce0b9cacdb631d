import * as React from 'react';

import { CommandIDs } from '../tokens';
import { ago, moment } from '../ui/format';
import type { SidebarProps } from './sidebar';

/** Deleted datasets, each with a button that takes it out of the bin. */
export function Bin({ model, commands, trans }: SidebarProps): JSX.Element {
  if (model.bin.length === 0) {
    return (
      <p className="jd-Sidebar-none" role="status">
        {trans.__('The bin is empty. Deleted datasets can be restored from here.')}
      </p>
    );
  }
  return (
    <ul className="jd-Bin" aria-label={trans.__('Deleted datasets')}>
      {model.bin.map(dataset => (
        <li key={dataset.id}>
          <bdi className="jd-Name">{dataset.name}</bdi>
          <span className="jd-Meta" title={moment(dataset.deleted ?? 0)}>
            {trans.__('deleted %1', ago(dataset.deleted ?? 0))}
          </span>
          <button
            type="button"
            className="jd-Button"
            aria-label={trans.__('Restore %1', dataset.name)}
            onClick={() => commands.execute(CommandIDs.restore, { dataset: dataset.id })}
          >
            {trans.__('Restore')}
          </button>
        </li>
      ))}
    </ul>
  );
}
