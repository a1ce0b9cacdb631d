import * as React from 'react';

import { CommandIDs } from '../tokens';
import type { SidebarProps } from './sidebar';

/** What is shown while there is no dataset: how to get the first one. */
export function FirstSteps({ commands, trans }: SidebarProps): JSX.Element {
  return (
    <div className="jd-FirstSteps">
      <h3>{trans.__('No datasets yet')}</h3>
      <ol>
        <li>
          <p>
            {trans.__(
              'Right-click a CSV or Parquet file in the file browser and choose "Add to Datasets", or drop it here. Each import becomes a version.'
            )}
          </p>
          <button
            type="button"
            className="jd-Button"
            onClick={() => commands.execute('filebrowser:activate')}
          >
            {trans.__('Show the file browser')}
          </button>
        </li>
        <li>
          <p>
            {trans.__(
              'Open the dataset to see its rows, its history, and what changed between two versions.'
            )}
          </p>
          <button type="button" className="jd-Button" onClick={() => commands.execute(CommandIDs.create)}>
            {trans.__('Create an empty dataset')}
          </button>
        </li>
        <li>
          <p>{trans.__('Query any version in a notebook:')}</p>
          <pre tabIndex={0}>{'%load_ext jupyter_datasets\n\n%%sql\nSELECT * FROM flights'}</pre>
        </li>
      </ol>
    </div>
  );
}
