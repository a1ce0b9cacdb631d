import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { jobsIcon } from '../ui/icons';
import type { JobsProps } from './jobsview';
import { JobList } from './jobsview';

/** All jobs, in Lab's right sidebar or in a dataset's tab. */
export class JobsPanel extends ReactWidget {
  constructor(private readonly props: JobsProps) {
    super();
    this.id = `jupyter-datasets-jobs${props.dataset ? `-${props.dataset}` : ''}`;
    this.addClass('jd-JobsPanel');
    this.title.icon = jobsIcon;
    this.title.caption = props.trans.__('Dataset jobs');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', props.trans.__('Dataset jobs'));
  }

  /** So that Tab leads from here to the jobs. */
  protected override onActivateRequest(): void {
    this.node.focus();
  }

  protected override render(): JSX.Element {
    return (
      <>
        {!this.props.dataset && <h2 className="jd-JobsPanel-title">{this.props.trans.__('Dataset jobs')}</h2>}
        <JobList {...this.props} />
      </>
    );
  }
}
