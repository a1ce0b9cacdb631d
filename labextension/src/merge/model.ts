/** What a review of conflicts shows, and who carries out what is decided. */

export const TAKES = ['ours', 'theirs', 'newest', 'max', 'min', 'sum'] as const;
export type Take = (typeof TAKES)[number];

/** For how many conflicts something is decided, as seen from one of them. */
export type Scope = 'cell' | 'row' | 'column' | 'table' | 'all';

export interface Conflict {
  readonly kind: 'cell' | 'row' | 'column' | 'table' | 'file';
  readonly table: string;
  readonly column: string | null;
  /** Names and values of the key's columns. */
  readonly key: ReadonlyArray<readonly [string, string | null]>;
  readonly base: string | null;
  readonly ours: string | null;
  readonly theirs: string | null;
  /** Whether the values can be added up. */
  readonly numbers: boolean;
}

export interface ReviewState {
  readonly title: string;
  /** What is taken for each conflict; empty where nothing was decided. */
  readonly answers: ReadonlyArray<Take | ''>;
  readonly left: number;
  /** How many answers were given, each for one conflict or for many. */
  readonly given: number;
  /** Grows when all conflicts are looked for anew. */
  readonly round: number;
  /** How it ended; empty while it has not. */
  readonly over: string;
}

export interface ReviewSource {
  readonly state: ReviewState;
  /** Have a listener told when the state is another one; what comes back ends that. */
  onChange(listener: () => void): () => void;
  conflicts(offset: number, limit: number, signal: AbortSignal): Promise<Conflict[]>;
  settle(conflict: number, scope: Scope, take: Take, signal: AbortSignal): Promise<void>;
  run(action: 'undo' | 'refresh' | 'commit' | 'abort', signal: AbortSignal): Promise<void>;
}

/** What can be taken for a conflict. */
export function takesOf({ kind, numbers }: Conflict): readonly Take[] {
  return TAKES.slice(0, kind !== 'cell' ? 3 : numbers ? 6 : 5);
}

export function keyText({ kind, key }: Conflict): string {
  return key.length ? key.map(([name, value]) => `${name} = ${value ?? 'null'}`).join(', ') : `whole ${kind}`;
}
