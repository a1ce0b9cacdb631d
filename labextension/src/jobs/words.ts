import type { TranslationBundle } from '@jupyterlab/translation';

import type { Job, JobStatus, Progress } from '../api';
import { bytes, count, duration } from '../ui/format';

/** What a status is called. */
export function statusWord(status: JobStatus, trans: TranslationBundle): string {
  const words: Record<JobStatus, string> = {
    queued: trans.__('Waiting'),
    running: trans.__('Running'),
    succeeded: trans.__('Done'),
    failed: trans.__('Failed'),
    cancelled: trans.__('Cancelled'),
    lost: trans.__('Lost')
  };
  return words[status];
}

/** How much of the stage is done, between 0 and 1; null when nobody knows. */
export function share(progress: Progress): number | null {
  return progress.total ? Math.min(1, progress.done / progress.total) : null;
}

/** How much of the stage is done in percent; nothing when nobody knows. */
export function percent(progress: Progress, trans: TranslationBundle): string {
  const done = share(progress);
  return done === null ? '' : trans.__('%1%', Math.floor(done * 100));
}

/** "12.5 MB of 30 MB · 25 MB/s · 0:03 left". */
function amount(progress: Progress, trans: TranslationBundle): string {
  const { done, total, unit, rate, rows, seconds_left: left } = progress;
  const show = unit === 'bytes' ? bytes : count;
  const parts = [
    total === null ? (done > 0 ? show(done) : '') : trans.__('%1 of %2', show(done), show(total)),
    unit !== 'rows' && rows > 0 ? trans._n('%2 row', '%2 rows', rows, count(rows)) : '',
    rate > 0 ? trans.__('%1/s', show(Math.round(rate))) : '',
    left === null ? '' : trans.__('%1 left', duration(left))
  ];
  return parts.filter(Boolean).join(' · ');
}

/** The stage of a job, and how far that is. */
export function progressText(progress: Progress, trans: TranslationBundle): string {
  return [progress.stage, amount(progress, trans)].filter(Boolean).join(': ');
}

/** What came out of a job that succeeded. */
export function outcome(job: Job, trans: TranslationBundle): string {
  const rows = job.result?.rows ?? 0;
  const read = trans._n('%2 row', '%2 rows', rows, count(rows));
  return job.result?.commit === null ? trans.__('%1; nothing changed', read) : read;
}
