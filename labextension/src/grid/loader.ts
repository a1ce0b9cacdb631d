/** Loads what is looked at: one request at a time, the newest wins, and a failed one is tried again by itself. */

import { Blocks, covers } from './blocks';
import type { Area, GridShape, GridSource, PageRequest } from './model';

const PAUSE = 40;
const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;

export interface LoaderEvents {
  onLoaded(request: PageRequest): void;
  onFailed(error: unknown): void;
}

export class Loader {
  constructor(
    private readonly source: GridSource,
    shape: GridShape,
    private readonly events: LoaderEvents
  ) {
    this.blocks = new Blocks(shape.rows, shape.columns.length);
  }

  readonly blocks: Blocks;

  /** Have an area loaded; what was wanted before and is not under way any more is forgotten. */
  want(area: Area): void {
    this.area = area;
    if (this.failed) {
      return;
    }
    const missing = this.blocks.missing(area);
    if (missing && !(this.current && covers(this.current, missing))) {
      this.schedule();
    }
  }

  /** Ask again after a failure. */
  retry(): void {
    this.failed = false;
    this.stop();
    this.begin();
  }

  dispose(): void {
    this.area = null;
    this.stop();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.abort?.abort();
    this.abort = null;
    this.current = null;
  }

  private schedule(): void {
    if (!this.timer) {
      const pause = Math.max(this.started + PAUSE - performance.now(), 0);
      this.timer = window.setTimeout(() => this.begin(), pause);
    }
  }

  private begin(): void {
    this.timer = 0;
    const missing = this.area && this.blocks.missing(this.area);
    if (missing && !(this.current && covers(this.current, missing))) {
      this.started = performance.now();
      this.abort?.abort();
      this.abort = new AbortController();
      this.current = missing;
      void this.load(missing, this.abort.signal);
    }
  }

  private async load(request: PageRequest, signal: AbortSignal): Promise<void> {
    try {
      const page = await this.source.page(request, signal);
      if (!signal.aborted) {
        this.blocks.add(request, page);
        this.current = null;
        this.wait = FIRST_RETRY;
        this.events.onLoaded(request);
      }
    } catch (error) {
      if (!signal.aborted) {
        this.fail(error);
      }
    }
  }

  private fail(error: unknown): void {
    this.failed = true;
    this.current = null;
    this.timer = window.setTimeout(() => this.retry(), this.wait);
    this.wait = Math.min(this.wait * 2, LAST_RETRY);
    this.events.onFailed(error);
  }

  private area: Area | null = null;
  private current: PageRequest | null = null;
  private abort: AbortController | null = null;
  private failed = false;
  private started = -Infinity;
  private timer = 0;
  private wait = FIRST_RETRY;
}
