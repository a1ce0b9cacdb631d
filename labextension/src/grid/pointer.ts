/** Selecting with a mouse, a pen or a finger. */

import type { Cell } from './model';

/** What a pointer selects in. */
export interface Selectable {
  readonly anchor: Cell;
  readonly active: Cell;
  /** Select, and bring the active cell into sight. */
  select(active: Cell, anchor?: Cell): void;
  /** Select without scrolling. */
  mark(active: Cell, anchor: Cell): void;
  focus(): void;
}

const LAST = Number.MAX_SAFE_INTEGER;

export class Pointer {
  constructor(
    private readonly canvas: HTMLElement,
    private readonly grid: Selectable
  ) {
    canvas.addEventListener('pointerdown', this.onDown);
  }

  dispose(): void {
    this.canvas.removeEventListener('pointerdown', this.onDown);
    this.stop();
  }

  private readonly onDown = (event: PointerEvent): void => {
    const { row, column } = placeOf(event.target);
    if (event.button !== 0 || (row ?? column) === undefined) {
      return;
    }
    if (row === undefined || column === undefined) {
      this.grid.mark({ row: row ?? 0, column: column ?? 0 }, { row: row ?? LAST, column: column ?? LAST });
    } else {
      this.grid.select({ row, column }, event.shiftKey ? this.grid.anchor : undefined);
      this.follow(event.pointerType);
    }
    this.grid.focus();
    event.preventDefault();
  };

  private follow(kind: string): void {
    if (kind !== 'touch') {
      window.addEventListener('pointermove', this.onMove);
      window.addEventListener('pointerup', this.stop);
    }
  }

  private readonly onMove = (event: PointerEvent): void => {
    const root = this.canvas.getRootNode() as Document | ShadowRoot;
    const { row, column } = placeOf(root.elementFromPoint(event.clientX, event.clientY));
    if (row !== undefined && column !== undefined) {
      this.grid.select({ row, column }, this.grid.anchor);
    } else {
      this.creep(event.clientY);
    }
  };

  /** Above or below the rows, each move of the pointer takes one more of them. */
  private creep(y: number): void {
    const { top, bottom } = this.canvas.getBoundingClientRect();
    const step = Number(y > bottom) - Number(y < top);
    const { row, column } = this.grid.active;
    this.grid.select({ row: row + step, column }, this.grid.anchor);
  }

  private readonly stop = (): void => {
    window.removeEventListener('pointermove', this.onMove);
    window.removeEventListener('pointerup', this.stop);
  };
}

/** Row and column of what was hit: a row alone for its number, a column alone for its header. */
function placeOf(target: EventTarget | null): Partial<Cell> {
  const node = target instanceof Element ? target : null;
  const [row, column] = [indexOf(node, 'row'), indexOf(node, 'column')];
  return { ...(row !== undefined && { row }), ...(column !== undefined && { column }) };
}

function indexOf(node: Element | null, name: 'row' | 'column'): number | undefined {
  const found = node?.closest<HTMLElement>(`[data-${name}]`)?.dataset[name];
  return found === undefined ? undefined : Number(found);
}
