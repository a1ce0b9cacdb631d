/** A table of any size: rows and columns are drawn and loaded as they come into sight. */

import { MOST_COPIED, read, toTsv, write } from './clipboard';
import { Columns } from './columns';
import { Frame } from './frame';
import { HeaderView } from './header';
import { Loader } from './loader';
import type { Area, Cell, GridShape, GridSource, PageRequest, RowMark, Translate } from './model';
import { plain, widest } from './model';
import { Pointer } from './pointer';
import { Scroller } from './scroller';
import type { Extent, Selection } from './selection';
import { areaOf, cellCount, destination, within } from './selection';
import { HEADER_HEIGHT, ROW_HEIGHT } from './style';
import { CellsView, type Sight } from './view';

/** Rows beyond those in sight that are loaded with them. */
const AHEAD = 16;
const WIDTH_STEP = 16;
const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;

export interface GridOptions {
  /** Translates what the grid says; English by default. */
  readonly translate?: Translate;
  /** Pixels. */
  readonly rowHeight?: number;
  /** How a row is marked; undefined where nothing tells, as of one that is not loaded. */
  readonly mark?: (row: number) => RowMark | undefined;
  /** What is said when there are no rows. */
  readonly empty?: string;
}

export class DataGrid {
  constructor(
    node: HTMLElement,
    private readonly source: GridSource,
    private readonly options: GridOptions = {}
  ) {
    this.translate = options.translate ?? plain;
    this.frame = new Frame(source.label, this.translate, () => this.retry());
    this._rowHeight = options.rowHeight ?? ROW_HEIGHT;
    this.frame.canvas.append(this.header.node);
    this.cells = new CellsView(this.frame.canvas);
    node.append(this.frame.node);
    this.scroller = new Scroller(this.frame.port, this.frame.sizer, () => this.draw());
    this.pointer = new Pointer(this.frame.canvas, this);
    this.frame.port.addEventListener('keydown', this.onKey);
    this.frame.port.addEventListener('focus', this.onFocus);
    this.watcher.observe(this.frame.port);
    void this.open();
  }

  /** Rows become higher or lower; the first one in sight stays so. */
  set rowHeight(pixels: number) {
    const first = this.scroller.top / this._rowHeight;
    this._rowHeight = pixels;
    this.layOut();
    this.scroller.scrollTo(first * pixels);
  }

  /** The selected rectangle of cells. */
  get selected(): Area {
    return areaOf(this.selection);
  }

  /** The cell that keys move from. */
  get active(): Cell {
    return this.selection.active;
  }

  /** The cell where the selection began. */
  get anchor(): Cell {
    return this.selection.anchor;
  }

  /** Select from an anchor to the active cell, and bring that into sight. */
  select(active: Cell, anchor: Cell = active): void {
    this.mark(active, anchor);
    this.reveal(this.selection.active);
  }

  /** Select without scrolling: the active cell need not be in sight. */
  mark(active: Cell, anchor: Cell): void {
    this.selection = { active: within(active, this.extent), anchor: within(anchor, this.extent) };
    this.draw();
    this.tell();
  }

  /** Put the selected cells onto the clipboard, as text with tabs. */
  async copy(): Promise<void> {
    const area = this.selected;
    const count = cellCount(area);
    if (!this.parts || count > MOST_COPIED) {
      this.frame.say(
        this.translate('%1 cells are too many to copy; %2 is the most.', number(count), number(MOST_COPIED))
      );
      return;
    }
    this.frame.say(this.translate('Copying %1 cells …', number(count)));
    try {
      await write(toTsv(await read(this.source, area, this.closing.signal)), this.frame.node);
      this.frame.say(this.translate('Copied %1 cells.', number(count)));
    } catch (error) {
      this.frame.say(this.translate('Nothing was copied: %1', String(error)));
    }
  }

  focus(): void {
    (this.cells.find(this.selection.active) ?? this.frame.port).focus({ preventScroll: true });
  }

  dispose(): void {
    this.closing.abort();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.pending);
    this.watcher.disconnect();
    this.scroller.dispose();
    this.pointer.dispose();
    this.parts?.loader.dispose();
    this.frame.node.remove();
  }

  // ------------------------------------------------------------------------------------------------------ loading

  private async open(): Promise<void> {
    this.frame.busy(true);
    this.frame.inform(this.translate('Loading …'));
    try {
      this.begin(await this.source.shape(this.closing.signal));
    } catch (error) {
      if (!this.closing.signal.aborted) {
        this.frame.fail(error);
        this.timer = window.setTimeout(() => void this.open(), this.wait);
        this.wait = Math.min(this.wait * 2, LAST_RETRY);
      }
    }
  }

  private begin(shape: GridShape): void {
    if (this.closing.signal.aborted) {
      return;
    }
    const loader = new Loader(this.source, shape, {
      onLoaded: request => this.onLoaded(request),
      onFailed: error => this.frame.fail(error)
    });
    this.parts = { shape, loader, columns: new Columns(shape.columns) };
    this.frame.port.setAttribute('aria-rowcount', String(shape.rows + 1));
    this.frame.port.setAttribute('aria-colcount', String(shape.columns.length + 1));
    this.frame.size.textContent = this.sizeText(shape.rows, shape.columns.length);
    this.frame.clear();
    if (shape.rows === 0) {
      this.frame.inform(this.options.empty ?? this.translate('The table has no rows.'));
    }
    this.frame.busy(shape.rows > 0);
    this.layOut();
  }

  private sizeText(rows: number, columns: number): string {
    const high = this.translate(rows === 1 ? '%1 row' : '%1 rows', number(rows));
    const wide = this.translate(columns === 1 ? '%1 column' : '%1 columns', number(columns));
    return `${high} × ${wide}`;
  }

  private retry(): void {
    clearTimeout(this.timer);
    if (this.parts) {
      this.parts.loader.retry();
    } else {
      void this.open();
    }
  }

  private onLoaded(request: PageRequest): void {
    this.frame.clear();
    this.frame.busy(false);
    this.fitOnce(request);
    this.draw();
  }

  /** Columns that come into sight for the first time take the width of their texts. */
  private fitOnce(request: PageRequest): void {
    const end = request.firstColumn + request.columnCount;
    const kept = this.cells.find(this.active) !== null;
    for (let column = request.firstColumn; column < end; column++) {
      if (!this.fitted.has(column)) {
        this.fitted.add(column);
        this.parts?.columns.fit(column, this.textsOf(column, request.offset, request.limit));
      }
    }
    this.layOut();
    if (kept) {
      this.reveal(this.active);
    }
  }

  private *textsOf(column: number, offset: number, limit: number): Iterable<string | null> {
    for (let row = offset; row < offset + limit; row++) {
      yield widest(this.parts?.loader.blocks.cell(row, column) ?? null);
    }
  }

  // ------------------------------------------------------------------------------------------------------ drawing

  private layOut(): void {
    if (this.parts) {
      const { shape, columns } = this.parts;
      this.frame.rowHeight = this._rowHeight;
      this.gutter = Math.max(String(shape.rows).length * 7 + (this.options.mark ? 28 : 14), 32);
      this.scroller.resize(this.gutter + columns.width, HEADER_HEIGHT + shape.rows * this._rowHeight);
      this.draw();
    }
  }

  private draw(): void {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      this.drawNow();
    });
  }

  private drawNow(): void {
    if (!this.parts || !this.frame.fit()) {
      return;
    }
    const { columns, loader } = this.parts;
    const sight = this.sight(columns);
    const held = this.holdsFocus();
    this.header.show(sight, columns);
    this.cells.show(sight, {
      cell: (row, column) => loader.blocks.cell(row, column),
      mark: row => this.options.mark?.(row),
      columns,
      selected: this.selected,
      active: this.selection.active
    });
    this.keepFocus(held);
    loader.want({ ...sight, firstRow: Math.max(sight.firstRow - AHEAD, 0), endRow: sight.endRow + AHEAD });
  }

  private sight(columns: Columns): Sight {
    const { top, left } = this.scroller;
    const { clientWidth, clientHeight } = this.frame.port;
    const firstRow = Math.floor(top / this._rowHeight);
    const seen = Math.ceil((clientHeight - HEADER_HEIGHT) / this._rowHeight) + 1;
    const [firstColumn, endColumn] = columns.between(left, left + clientWidth - this.gutter);
    const endRow = Math.min(firstRow + seen, this.extent.rows);
    return {
      top,
      left,
      gutter: this.gutter,
      firstRow,
      endRow,
      firstColumn,
      endColumn,
      rowHeight: this._rowHeight
    };
  }

  /** Scroll as little as brings a cell into sight. */
  private reveal({ row, column }: Cell): void {
    if (!this.parts) {
      return;
    }
    const { columns } = this.parts;
    const { clientWidth, clientHeight } = this.frame.port;
    const top = nearest(
      this.scroller.top,
      row * this._rowHeight,
      this._rowHeight,
      clientHeight - HEADER_HEIGHT
    );
    const left = nearest(
      this.scroller.left,
      columns.start(column),
      columns.widthOf(column),
      clientWidth - this.gutter
    );
    this.scroller.scrollTo(top, left);
  }

  // -------------------------------------------------------------------------------------------------------- focus

  private holdsFocus(): boolean {
    const root = this.frame.node.getRootNode() as Document | ShadowRoot;
    return root.activeElement !== null && this.frame.port.contains(root.activeElement);
  }

  /** The active cell can be reached by Tab; while it is out of sight, the whole grid can. */
  private keepFocus(held: boolean): void {
    const cell = this.cells.find(this.selection.active);
    this.frame.port.tabIndex = cell ? -1 : 0;
    if (held) {
      (cell ?? this.frame.port).focus({ preventScroll: true });
    }
  }

  private readonly onFocus = (): void => {
    this.cells.find(this.selection.active)?.focus({ preventScroll: true });
  };

  // --------------------------------------------------------------------------------------------------------- keys

  private get extent(): Extent {
    const shape = this.parts?.shape;
    const page = Math.max(
      Math.floor((this.frame.port.clientHeight - HEADER_HEIGHT) / this._rowHeight) - 1,
      1
    );
    return { rows: shape?.rows ?? 0, columns: shape?.columns.length ?? 0, page };
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const leap = event.ctrlKey || event.metaKey;
    if (
      this.parts &&
      (event.altKey ? this.resizeByKey(event.key) : this.press(event.key, leap, event.shiftKey))
    ) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  private press(key: string, leap: boolean, extend: boolean): boolean {
    const { active, anchor } = this.selection;
    const target = destination(key, leap, active, this.extent);
    if (target) {
      this.select(target, extend ? anchor : target);
    } else if (leap && key.toLowerCase() === 'c') {
      void this.copy();
    } else if (leap && key.toLowerCase() === 'a') {
      this.selectAll();
    } else {
      return false;
    }
    return true;
  }

  private resizeByKey(key: string): boolean {
    const step = { ArrowLeft: -WIDTH_STEP, ArrowRight: WIDTH_STEP }[key];
    if (step !== undefined && this.parts) {
      const { columns } = this.parts;
      const { column } = this.selection.active;
      columns.resize(column, columns.widthOf(column) + step);
      this.layOut();
    }
    return step !== undefined;
  }

  private selectAll(): void {
    const { rows, columns } = this.extent;
    this.mark({ row: 0, column: 0 }, { row: rows - 1, column: columns - 1 });
  }

  private tell(): void {
    const { firstRow, endRow, firstColumn, endColumn } = this.selected;
    const several = cellCount(this.selected) > 1;
    const size = [number(endRow - firstRow), number(endColumn - firstColumn)];
    this.frame.say(several ? this.translate('%1 × %2 cells selected', ...size) : '');
  }

  // -------------------------------------------------------------------------------------------------------- state

  private readonly translate: Translate;
  private readonly frame: Frame;
  private readonly cells: CellsView;
  private readonly scroller: Scroller;
  private readonly pointer: Pointer;
  private readonly header = new HeaderView({
    onResize: (column, width) => {
      this.parts?.columns.resize(column, width);
      this.layOut();
    },
    onFit: column => {
      const firstRow = Math.floor(this.scroller.top / this._rowHeight);
      this.parts?.columns.fit(column, this.textsOf(column, firstRow, 64), true);
      this.layOut();
    }
  });
  private readonly watcher = new ResizeObserver(() => this.layOut());
  private readonly closing = new AbortController();
  private readonly fitted = new Set<number>();
  private parts: { shape: GridShape; loader: Loader; columns: Columns } | null = null;
  private selection: Selection = { anchor: { row: 0, column: 0 }, active: { row: 0, column: 0 } };
  private _rowHeight: number;
  private gutter = 32;
  private pending = 0;
  private timer = 0;
  private wait = FIRST_RETRY;
}

/** The scroll position next to `now` in which a stretch lies in sight. */
function nearest(now: number, start: number, length: number, room: number): number {
  return Math.min(Math.max(now, start + length - room), start);
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
