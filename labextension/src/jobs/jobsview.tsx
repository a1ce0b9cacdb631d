import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Job } from '../api';
import { CommandIDs } from '../tokens';
import { Failure, Loading } from '../ui/errors';
import { ago } from '../ui/format';
import { useChanges } from '../ui/signals';
import type { JobsModel } from './model';
import { ended } from './model';
import { outcome, progressText, share, statusWord } from './words';

export interface JobsProps {
  model: JobsModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Only the jobs of this dataset. */
  dataset?: string;
  retry: () => void;
}

/** Jobs, newest first, with progress and what to do about them. */
export function JobList(props: JobsProps): JSX.Element {
  const { model, trans, dataset } = props;
  useChanges(model.changed);
  const jobs = model.jobs?.filter(job => !dataset || job.dataset_id === dataset);
  return (
    <>
      {model.error && <Failure error={model.error} trans={trans} retry={props.retry} />}
      {!jobs && !model.error && <Loading trans={trans} />}
      {jobs?.length === 0 && (
        <p className="jd-Jobs-none" role="status">
          {trans.__('No jobs yet. An import that you start from the file browser is shown here.')}
        </p>
      )}
      {jobs && jobs.length > 0 && (
        <ul className="jd-Jobs" aria-label={trans.__('Jobs')}>
          {jobs.map(job => (
            <JobItem key={job.id} job={job} {...props} />
          ))}
        </ul>
      )}
    </>
  );
}

function JobItem({ job, ...props }: JobsProps & { job: Job }): JSX.Element {
  const { trans } = props;
  return (
    <li className="jd-Job" data-status={job.status} data-job={job.id}>
      <div className="jd-Job-head">
        <bdi className="jd-Name">{job.title}</bdi>
        <span className="jd-Job-status">
          {job.cancel_requested && !ended(job) ? trans.__('Stopping…') : statusWord(job.status, trans)}
        </span>
      </div>
      {ended(job) ? <Ended job={job} {...props} /> : <Running job={job} {...props} />}
      <Messages job={job} trans={trans} />
    </li>
  );
}

function Running({ job, commands, trans }: JobsProps & { job: Job }): JSX.Element {
  const part = share(job.progress);
  return (
    <>
      <progress aria-label={job.title} value={part ?? undefined} max={1} />
      <div className="jd-Job-foot">
        <span className="jd-Meta">{progressText(job.progress, trans)}</span>
        <button
          type="button"
          className="jd-Button"
          disabled={job.cancel_requested}
          aria-label={trans.__('Cancel %1', job.title)}
          onClick={() => commands.execute(CommandIDs.cancelJob, { job: job.id })}
        >
          {trans.__('Cancel')}
        </button>
      </div>
    </>
  );
}

function Ended({ job, commands, trans }: JobsProps & { job: Job }): JSX.Element {
  const when = job.finished ? ago(Date.parse(job.finished) * 1000) : '';
  return (
    <>
      {job.error && (
        <p className="jd-Job-error">
          {job.error.message} {job.error.next_step}
        </p>
      )}
      <div className="jd-Job-foot">
        <span className="jd-Meta">
          {[job.result && outcome(job, trans), when].filter(Boolean).join(' · ')}
        </span>
        {job.status === 'succeeded' && job.dataset_id && (
          <button
            type="button"
            className="jd-Button"
            aria-label={trans.__('Open what %1 made', job.title)}
            onClick={() =>
              commands.execute(CommandIDs.open, { dataset: job.dataset_id, table: job.result?.table })
            }
          >
            {trans.__('Open')}
          </button>
        )}
      </div>
    </>
  );
}

function Messages({ job, trans }: { job: Job; trans: TranslationBundle }): JSX.Element {
  const messages = job.result?.warnings?.length ? job.result.warnings : job.progress.messages;
  if (messages.length === 0) {
    return <></>;
  }
  return (
    <details>
      <summary>{trans._n('%2 message', '%2 messages', messages.length, messages.length)}</summary>
      <ul className="jd-Job-messages">
        {messages.map((message, index) => (
          <li key={index}>{message}</li>
        ))}
      </ul>
    </details>
  );
}
