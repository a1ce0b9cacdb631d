import { Signal } from '@lumino/signaling';

import type { Api, ApiError, Job } from '../api';
import { asApiError } from '../api';

const SHOWN = 100;

/** Whether a job will change no more. */
export function ended(job: Job): boolean {
  return job.status !== 'queued' && job.status !== 'running';
}

/** How long a job that has ended took. */
export function seconds({ started, finished }: Job): number {
  return started && finished ? (Date.parse(finished) - Date.parse(started)) / 1000 : 0;
}

/** The last jobs, newest first; `over` tells of each that ended while this page was looking. */
export class JobsModel {
  readonly changed = new Signal<this, void>(this);
  readonly over = new Signal<this, Job>(this);
  jobs: Job[] | null = null;
  error: ApiError | null = null;
  private readonly followed = new Set<string>();

  constructor(private readonly api: Api) {}

  get active(): Job[] {
    return (this.jobs ?? []).filter(job => !ended(job));
  }

  get(id: string): Job | undefined {
    return this.jobs?.find(job => job.id === id);
  }

  /** Ask the server. */
  async refresh(): Promise<void> {
    try {
      this.jobs = await this.api.jobs.list(SHOWN);
      this.error = null;
      this.tell(this.jobs);
    } catch (error) {
      this.error = asApiError(error);
      throw error;
    } finally {
      this.changed.emit();
    }
  }

  /** Follow a job that was started from here. */
  follow(job: Job): void {
    this.followed.add(job.id);
    this.jobs = [job, ...(this.jobs ?? []).filter(({ id }) => id !== job.id)];
    this.changed.emit();
  }

  async cancel(id: string): Promise<void> {
    await this.api.jobs.cancel(id);
    await this.refresh();
  }

  private tell(jobs: Job[]): void {
    for (const job of jobs) {
      if (!ended(job)) {
        this.followed.add(job.id);
      } else if (this.followed.delete(job.id)) {
        this.over.emit(job);
      }
    }
  }
}
