/** The commits that were loaded so far, with their lanes; further ones come page by page. */

import { assignLanes, NO_LANES, widthOf, type LaneRow } from './lanes';
import type { Commit, HistorySource } from './model';

/** So many are loaded without being asked for, so that the scrollbar tells the truth; more as they are scrolled to. */
const UNASKED = 20_000;

export interface CommitsEvents {
  onLoaded(): void;
  onFailed(error: unknown): void;
}

export class Commits {
  constructor(
    private readonly source: HistorySource,
    private readonly events: CommitsEvents
  ) {}

  readonly items: Commit[] = [];
  readonly rows: LaneRow[] = [];
  /** The most lanes that any row needs. */
  lanes = 1;
  /** Whether there are no others. */
  complete = false;

  /** Load until there are `count` or no more. */
  want(count: number): void {
    this.wanted = Math.max(this.wanted, count);
    this.next();
  }

  indexOf(id: string): number {
    return this.places.get(id) ?? -1;
  }

  dispose(): void {
    this.closing.abort();
  }

  private next(): void {
    if (!this.loading && !this.complete && this.items.length < this.wanted) {
      this.loading = true;
      void this.load();
    }
  }

  private async load(): Promise<void> {
    try {
      const page = await this.source.commits(this.cursor, this.closing.signal);
      if (!this.closing.signal.aborted) {
        this.add(page.items, page.cursor);
      }
    } catch (error) {
      this.loading = false;
      if (!this.closing.signal.aborted) {
        this.events.onFailed(error);
      }
    }
  }

  private add(items: readonly Commit[], cursor: string | null): void {
    const { rows, state } = assignLanes(items, this.state);
    items.forEach((commit, index) => this.places.set(commit.id, this.items.length + index));
    for (const [index, row] of rows.entries()) {
      this.items.push(items[index] as Commit);
      this.rows.push(row);
      this.lanes = Math.max(this.lanes, widthOf(row));
    }
    [this.state, this.cursor, this.complete, this.loading] = [state, cursor, cursor === null, false];
    this.events.onLoaded();
    // Once what came is painted, so that the first page is seen at once.
    requestAnimationFrame(() => this.want(UNASKED));
  }

  private readonly closing = new AbortController();
  private readonly places = new Map<string, number>();
  private state = NO_LANES;
  private cursor: string | null = null;
  private loading = false;
  private wanted = 0;
}
