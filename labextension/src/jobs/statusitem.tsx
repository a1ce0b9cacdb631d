import { ReactWidget } from '@jupyterlab/apputils';
import { TextItem } from '@jupyterlab/statusbar';
import * as React from 'react';

import { CommandIDs } from '../tokens';
import { useChanges } from '../ui/signals';
import type { JobsProps } from './jobsview';
import { percent } from './words';

/** What runs now, in Lab's status bar; the Jobs panel opens from it. */
export class StatusItem extends ReactWidget {
  constructor(private readonly props: JobsProps) {
    super();
    this.addClass('jd-StatusItem');
  }

  protected override render(): JSX.Element {
    return <Content {...this.props} />;
  }
}

function Content({ model, commands, trans }: JobsProps): JSX.Element {
  useChanges(model.changed);
  const active = model.active;
  const done = active.length === 1 ? percent(active[0].progress, trans) : '';
  const text = trans._n('%2 dataset job', '%2 dataset jobs', active.length, active.length);
  return (
    <button
      type="button"
      title={active.map(job => job.title).join('\n')}
      onClick={() => commands.execute(CommandIDs.showJobs)}
    >
      <TextItem source={[text, done].filter(Boolean).join(': ')} />
    </button>
  );
}
