import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

const SCHEMAS = 'https://events.jupyter.org/jupyter_datasets/';
const SETTLE = 150; // ms in which events are gathered
const RARELY = 30_000; // ms between two looks where events tell of changes
const CLOSELY = 2000; // ms: who looks more often follows what no event tells of
const LONGEST = 10_000; // ms between two tries while the server does not answer

export interface Watch extends IDisposable {
  /** Milliseconds between two looks. */
  interval: number;
  /** Look now. */
  look(): void;
}

/**
 * Keeps what is shown as fresh as the server's data: by the server's events, and by asking again now and then.
 * Nothing is asked while the page is hidden; failures are tried again, less and less often.
 */
export class Live implements IDisposable {
  /** The id of a dataset of which the server told that it changed. */
  readonly datasetChanged = new Signal<this, string>(this);
  isDisposed = false;
  private readonly polls = new Map<Poll, number>();
  private eventful = false;
  private gathering = 0;

  constructor(private readonly events: Event.IManager) {
    events.stream.connect(this.onEvent, this);
    document.addEventListener('visibilitychange', this.onVisibility);
  }

  /** Calls `refresh` now and again until the watch is disposed; it must reject when the server does not answer. */
  watch(name: string, refresh: () => Promise<void>, interval: number): Watch {
    const poll: Poll = new Poll({
      name,
      factory: () => this.look(poll, refresh),
      frequency: this.frequency(interval),
      standby: 'when-hidden'
    });
    this.polls.set(poll, interval);
    return this.handle(poll);
  }

  dispose(): void {
    this.isDisposed = true;
    this.events.stream.disconnect(this.onEvent, this);
    document.removeEventListener('visibilitychange', this.onVisibility);
    [...this.polls.keys()].forEach(poll => this.drop(poll));
  }

  /** Look at everything now. */
  lookAll(): void {
    this.polls.forEach((_, poll) => void poll.refresh());
  }

  /** Where looking fails, no event will tell when it would work again. */
  private async look(poll: Poll, refresh: () => Promise<void>): Promise<void> {
    const interval = this.polls.get(poll) ?? RARELY;
    try {
      await refresh();
      poll.frequency = this.frequency(interval);
    } catch (error) {
      poll.frequency = this.frequency(Math.min(interval, CLOSELY));
      throw error;
    }
  }

  private handle(poll: Poll): Watch {
    const { polls } = this;
    const pace = (interval: number) => this.pace(poll, interval);
    return {
      look: () => void poll.refresh(),
      dispose: () => this.drop(poll),
      get isDisposed() {
        return poll.isDisposed;
      },
      get interval() {
        return polls.get(poll) ?? 0;
      },
      set interval(interval: number) {
        pace(interval);
      }
    };
  }

  private pace(poll: Poll, interval: number): void {
    const before = this.polls.get(poll) ?? interval;
    if (before !== interval) {
      this.polls.set(poll, interval);
      poll.frequency = this.frequency(interval);
    }
    if (interval < before) {
      void poll.refresh();
    }
  }

  private frequency(interval: number): { interval: number; backoff: boolean; max: number } {
    const often = this.eventful && interval > CLOSELY ? RARELY : interval;
    return { interval: often, backoff: true, max: Math.max(LONGEST, often) };
  }

  private drop(poll: Poll): void {
    this.polls.delete(poll);
    poll.dispose();
  }

  private onEvent(_: unknown, event: Event.Emission): void {
    if (!event.schema_id.startsWith(SCHEMAS)) {
      return;
    }
    if (!this.eventful) {
      this.eventful = true;
      this.polls.forEach((interval, poll) => (poll.frequency = this.frequency(interval)));
    }
    if (typeof event.dataset_id === 'string') {
      this.datasetChanged.emit(event.dataset_id);
    }
    this.gathering ||= window.setTimeout(() => {
      this.gathering = 0;
      this.lookAll();
    }, SETTLE);
  }

  private onVisibility = (): void => {
    if (!document.hidden) {
      this.lookAll();
    }
  };
}
