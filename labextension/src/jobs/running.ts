import type { IRunningSessions } from '@jupyterlab/running';
import type { ISignal } from '@lumino/signaling';

import type { Job } from '../api';
import { CommandIDs } from '../tokens';
import { jobsIcon } from '../ui/icons';
import type { JobsProps } from './jobsview';
import { percent, progressText } from './words';

/** The jobs that run, in Lab's own list of all that runs. */
export class RunningJobs implements IRunningSessions.IManager {
  readonly name: string;
  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly shutdownAllConfirmationText: string;
  readonly runningChanged: ISignal<unknown, void>;
  readonly refreshRunning: () => void;

  constructor(private readonly props: JobsProps) {
    const { model, trans } = props;
    this.name = trans.__('Dataset jobs');
    this.shutdownLabel = trans.__('Cancel');
    this.shutdownAllLabel = trans.__('Cancel All');
    this.shutdownAllConfirmationText = trans.__('Cancel all dataset jobs? Nothing of them is kept.');
    this.runningChanged = model.changed;
    this.refreshRunning = props.retry;
  }

  running(): IRunningSessions.IRunningItem[] {
    return this.props.model.active.map(job => this.item(job));
  }

  shutdownAll(): void {
    this.props.model.active.forEach(job => this.cancel(job));
  }

  private item(job: Job): IRunningSessions.IRunningItem {
    const { commands, trans } = this.props;
    return {
      icon: () => jobsIcon,
      label: () => job.title,
      labelTitle: () => [job.title, progressText(job.progress, trans)].filter(Boolean).join('\n'),
      detail: () => percent(job.progress, trans),
      open: () => void commands.execute(CommandIDs.showJobs),
      shutdown: () => this.cancel(job)
    };
  }

  private cancel(job: Job): void {
    void this.props.commands.execute(CommandIDs.cancelJob, { job: job.id });
  }
}
