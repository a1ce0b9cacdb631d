/** What a history shows: commits and references as the server and the kernel send them. */

export interface Commit {
  readonly id: string;
  readonly parents: readonly string[];
  /** The dataset's own number of the commit; it grows along parents. */
  readonly seq: number;
  readonly author: string;
  /** Microseconds UTC. */
  readonly time: number;
  readonly message: string;
  /** Names of the branches and tags that point here. */
  readonly refs: readonly string[];
}

export interface Ref {
  readonly name: string;
  readonly kind: 'branch' | 'tag';
  readonly commit: string | null;
}

export interface CommitPage {
  readonly items: readonly Commit[];
  /** Asks for the next page; null at the end. */
  readonly cursor: string | null;
}

export interface HistorySource {
  /** What the history is of, for screen readers. */
  readonly label: string;
  /** Commits, newest first: children before their parents. The first page is best a small one. */
  commits(cursor: string | null, signal: AbortSignal): Promise<CommitPage>;
  refs(signal: AbortSignal): Promise<readonly Ref[]>;
}

export interface HistoryCallbacks {
  /** One or two commits were selected, the older choice first. */
  onSelect?(ids: readonly string[]): void;
  /** A commit was opened: Enter, or a double click. */
  onOpen?(id: string): void;
}

export function short(id: string): string {
  return id.slice(0, 12);
}

/** A moment to the minute, UTC. */
export function when(micros: number): string {
  return new Date(micros / 1000).toISOString().slice(0, 16).replace('T', ' ');
}
