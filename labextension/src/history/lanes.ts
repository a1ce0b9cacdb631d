/**
 * Lanes: in which column of the drawing each commit sits, and which lines pass by.
 *
 * Commits come newest first. A lane waits for the commit that its line leads to; it is free again once that has come.
 * Lines never change their lane between two commits, so a long branch is a straight line.
 */

export interface Node {
  readonly id: string;
  readonly parents: readonly string[];
}

/** A piece of a line within a row, from one lane to another. Colours are counted; a palette is gone through again. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly color: number;
}

export interface LaneRow {
  /** The lane of the commit. */
  readonly lane: number;
  readonly color: number;
  /** Lines from the upper edge of the row to its middle, and from the middle to the lower edge. */
  readonly above: readonly Piece[];
  readonly below: readonly Piece[];
}

interface Waiting {
  readonly id: string;
  readonly color: number;
}

/** What is left over by the commits so far: which commit each lane waits for. */
export interface LaneState {
  readonly waiting: ReadonlyArray<Waiting | null>;
  readonly colors: number;
}

export const NO_LANES: LaneState = { waiting: [], colors: 0 };

/** Rows for commits that follow those which led to a state, and the state that they lead to. */
export function assignLanes(
  commits: readonly Node[],
  state: LaneState = NO_LANES
): { rows: LaneRow[]; state: LaneState } {
  const lanes = new Lanes([...state.waiting], state.colors);
  const rows = commits.map(commit => lanes.place(commit));
  return { rows, state: { waiting: lanes.waiting, colors: lanes.colors } };
}

/** How many lanes a row needs. */
export function widthOf(row: LaneRow): number {
  return Math.max(row.lane, ...[...row.above, ...row.below].flatMap(({ from, to }) => [from, to])) + 1;
}

class Lanes {
  constructor(
    readonly waiting: Array<Waiting | null>,
    public colors: number
  ) {}

  place(commit: Node): LaneRow {
    const found = this.find(commit.id);
    const lane = found >= 0 ? found : this.free();
    const color = this.waiting[lane]?.color ?? this.colors++;
    const above = this.pieces(waiting => waiting.id === commit.id, lane);
    this.leave(commit.id);
    const passing = this.pieces(() => false, lane);
    const leaving = commit.parents.map((parent, index) => this.leadTo(parent, index, lane, color));
    this.trim();
    return { lane, color, above, below: [...passing, ...leaving] };
  }

  /** All lines of a row's half: those that end here bend to a lane, the others go straight on. */
  private pieces(endsHere: (waiting: Waiting) => boolean, lane: number): Piece[] {
    return this.waiting.flatMap((waiting, from) =>
      waiting ? [{ from, to: endsHere(waiting) ? lane : from, color: waiting.color }] : []
    );
  }

  /** The line from a commit to one of its parents; the first parent inherits lane and colour. */
  private leadTo(parent: string, index: number, lane: number, color: number): Piece {
    const known = this.find(parent);
    if (known >= 0) {
      return { from: lane, to: known, color: this.waiting[known]?.color ?? color };
    }
    const straight = index === 0 && !this.waiting[lane];
    const to = straight ? lane : this.free(lane);
    const waiting = { id: parent, color: straight ? color : this.colors++ };
    this.waiting[to] = waiting;
    return { from: lane, to, color: waiting.color };
  }

  private find(id: string): number {
    return this.waiting.findIndex(each => each?.id === id);
  }

  /** The leftmost lane that nothing waits in, but not `taken`. */
  private free(taken = -1): number {
    const found = this.waiting.findIndex((each, lane) => !each && lane !== taken);
    return found >= 0 ? found : Math.max(this.waiting.length, taken + 1);
  }

  private leave(id: string): void {
    this.waiting.forEach((each, lane) => {
      if (each?.id === id) {
        this.waiting[lane] = null;
      }
    });
  }

  private trim(): void {
    while (this.waiting.length > 0 && !this.waiting[this.waiting.length - 1]) {
      this.waiting.pop();
    }
  }
}
