import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

const SCHEMAS = 'https://events.jupyter.org/jupyter_datasets/';
const SETTLE = 150; // ms in which events are gathered
const USUALLY = 5000; // ms between two looks
const RARELY = 30_000; // ms between two looks where events tell of changes
const CLOSELY = 700; // ms between two looks at what no event tells of
const AGAIN = 2000; // ms until the first look after one that failed
const LONGEST = 10_000; // ms between two tries while the server does not answer

export interface Watch extends IDisposable {
  /** Look often, as at work that goes on, or as at everything else. */
  follow(closely: boolean): void;
}

/**
 * Keeps what is shown as fresh as the server's data: by the server's events, and by asking again now and then.
 * Nothing is asked while the page is hidden; failures are tried again, less and less often.
 */
export class Live implements IDisposable {
  /** The id of a dataset of which the server told that it changed. */
  readonly datasetChanged = new Signal<this, string>(this);
  isDisposed = false;
  /** Each with whether it looks closely. */
  private readonly polls = new Map<Poll, boolean>();
  private eventful = false;
  private usual = USUALLY;
  private gathering = 0;

  constructor(private readonly events: Event.IManager) {
    events.stream.connect(this.onEvent, this);
    document.addEventListener('visibilitychange', this.onVisibility);
  }

  /** Calls `refresh` now and again until the watch is disposed; it must reject when the server does not answer. */
  watch(name: string, refresh: () => Promise<void>): Watch {
    const poll: Poll = new Poll({
      name,
      factory: () => this.look(poll, refresh),
      frequency: frequency(this.interval(false)),
      standby: 'when-hidden'
    });
    this.polls.set(poll, false);
    return this.handle(poll);
  }

  /** Milliseconds between two looks where the server's events are not heard. */
  set pause(milliseconds: number) {
    this.usual = milliseconds;
    this.paceAll();
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
    try {
      await refresh();
      this.pace(poll);
    } catch (error) {
      poll.frequency = frequency(Math.min(poll.frequency.interval, AGAIN));
      throw error;
    }
  }

  private handle(poll: Poll): Watch {
    return {
      follow: closely => this.follow(poll, closely),
      dispose: () => this.drop(poll),
      get isDisposed() {
        return poll.isDisposed;
      }
    };
  }

  private follow(poll: Poll, closely: boolean): void {
    if (this.polls.get(poll) !== closely) {
      this.polls.set(poll, closely);
      this.pace(poll);
      if (closely) {
        void poll.refresh();
      }
    }
  }

  private pace(poll: Poll): void {
    poll.frequency = frequency(this.interval(this.polls.get(poll) ?? false));
  }

  private paceAll(): void {
    this.polls.forEach((_, poll) => this.pace(poll));
  }

  private interval(closely: boolean): number {
    return closely ? CLOSELY : this.eventful ? Math.max(RARELY, this.usual) : this.usual;
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
      this.paceAll();
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

function frequency(interval: number): { interval: number; backoff: boolean; max: number } {
  return { interval, backoff: true, max: Math.max(LONGEST, interval) };
}
