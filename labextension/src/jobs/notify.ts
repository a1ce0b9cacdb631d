import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { Job } from '../api';
import { CommandIDs } from '../tokens';
import { outcome, statusWord } from './words';

const READABLE = 8000; // ms

/** Say that a job has ended, with a button that leads to what came of it. */
export function notifyEnd(job: Job, commands: CommandRegistry, trans: TranslationBundle): void {
  const head = `${job.title}: ${statusWord(job.status, trans)}`;
  if (job.status === 'succeeded') {
    const open = { dataset: job.dataset_id, table: job.result?.table };
    const actions = [
      { label: trans.__('Open'), callback: () => void commands.execute(CommandIDs.open, open) }
    ];
    Notification.success(`${head}. ${outcome(job, trans)}`, { actions, autoClose: READABLE });
  } else if (job.status === 'cancelled') {
    Notification.info(`${head}. ${trans.__('Nothing of it was kept.')}`, { autoClose: READABLE });
  } else {
    const actions = [
      { label: trans.__('Show jobs'), callback: () => void commands.execute(CommandIDs.showJobs) }
    ];
    // Lab cuts long messages short; the next step is among the jobs.
    const message = job.error ? `${job.title}: ${job.error.message}` : head;
    Notification.error(message, { actions, autoClose: false });
  }
}
