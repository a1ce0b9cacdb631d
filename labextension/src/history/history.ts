/** The commits of a dataset with the graph that they form; rows are drawn and loaded as they come into sight. */

import { element, styleSheet } from '../grid/dom';
import { plain, type Translate } from '../grid/model';
import { Scroller } from '../grid/scroller';
import { Commits } from './commits';
import { details } from './details';
import { lanesWidth, laneX, seenWidth, type GraphSight } from './drawing';
import type { Commit, HistoryCallbacks, HistorySource, Ref } from './model';
import { RowsView } from './rows';
import { style } from './style';
import { Zoom } from './zoom';

/** So many rows beyond those in sight are loaded. */
const AHEAD = 400;
/** So many lanes an arrow key moves the graph. */
const PAN = 4;
const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;

export interface HistoryOptions {
  /** Translates what the history says; English by default. */
  readonly translate?: Translate;
  /** Whether the selected commits are described below the list; they are by default. */
  readonly details?: boolean;
}

let made = 0;

export class HistoryView {
  constructor(
    node: HTMLElement,
    private readonly source: HistorySource,
    private readonly callbacks: HistoryCallbacks = {},
    options: HistoryOptions = {}
  ) {
    this.translate = options.translate ?? plain;
    this.showsDetails = options.details ?? true;
    this.zoom = new Zoom(this.port, this.translate, (before, y) => this.rescale(before, y));
    this.build();
    node.append(this.node);
    this.rows = new RowsView(this.canvas, `${this.prefix}-commit`);
    this.scroller = new Scroller(this.port, this.sizer, () => this.draw());
    this.watcher.observe(this.port);
    this.commits = this.begin();
  }

  /** Ids of the selected commits, the older choice first. */
  get selected(): readonly string[] {
    return this.chosen;
  }

  /** The selected commits, as far as they were loaded. */
  get selectedCommits(): readonly Commit[] {
    const found = this.chosen.map(id => this.commits.items[this.commits.indexOf(id)]);
    return found.filter((commit): commit is Commit => commit !== undefined);
  }

  /** Select one commit or two, and bring the last one into sight. */
  select(...ids: readonly string[]): void {
    this.chosen = ids.slice(-2);
    const index = this.commits.indexOf(this.chosen.at(-1) ?? '');
    this.active = index >= 0 ? index : this.active;
    this.tell();
  }

  /** Load everything anew, as after a commit. What is seen stays until as much is there again. */
  refresh(): void {
    this.commits.dispose();
    this.stale ??= this.commits;
    this.commits = this.begin();
  }

  focus(): void {
    this.port.focus({ preventScroll: true });
  }

  dispose(): void {
    this.closing.abort();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.pending);
    this.commits.dispose();
    this.watcher.disconnect();
    this.scroller.dispose();
    this.zoom.dispose();
    this.node.remove();
  }

  // ------------------------------------------------------------------------------------------------------- making

  private build(): void {
    this.port.setAttribute('aria-label', this.source.label);
    this.sizer.append(this.canvas);
    this.port.append(this.sizer);
    this.again.textContent = this.translate('Try again');
    this.again.addEventListener('click', () => this.retry());
    this.notice.append(this.reason, this.again);
    const foot = element('div', 'jd-history-foot');
    foot.append(this.zoom.node);
    this.node.append(styleSheet(style), this.notice, this.port, foot, this.described);
    this.port.addEventListener('keydown', this.onKey);
    this.canvas.addEventListener('click', this.onClick);
    this.canvas.addEventListener('dblclick', this.onDoubleClick);
    this.describe();
  }

  private begin(): Commits {
    const commits = new Commits(this.source, {
      onLoaded: () => this.onLoaded(),
      onFailed: error => this.fail(error)
    });
    if (!this.stale) {
      this.inform(this.translate('Loading …'));
    }
    commits.want(1);
    void this.loadKinds();
    return commits;
  }

  private async loadKinds(): Promise<void> {
    try {
      const refs = await this.source.refs(this.closing.signal);
      this.kinds = new Map(refs.map(({ name, kind }) => [name, kind]));
      this.draw();
    } catch (error) {
      if (!this.closing.signal.aborted) {
        this.fail(error);
      }
    }
  }

  private onLoaded(): void {
    this.wait = FIRST_RETRY;
    this.notice.hidden = true;
    if (this.stale && !this.replace(this.stale)) {
      return;
    }
    if (this.commits.complete && this.commits.items.length === 0) {
      this.inform(this.translate('There are no commits yet.'));
    }
    this.layOut();
  }

  /** Go over to commits that were loaded anew; false while there are not enough of them for the place in sight. */
  private replace(stale: Commits): boolean {
    const { complete, items } = this.commits;
    const needed = Math.ceil((this.scroller.top + this.port.clientHeight) / this.zoom.rowHeight);
    if (!complete && items.length < needed) {
      this.commits.want(needed);
      return false;
    }
    this.active = Math.max(this.commits.indexOf(stale.items[this.active]?.id ?? ''), 0);
    this.stale = null;
    this.describe();
    return true;
  }

  private retry(): void {
    clearTimeout(this.timer);
    if (this.kinds.size === 0) {
      void this.loadKinds();
    }
    this.commits.want(this.commits.items.length + 1);
  }

  private fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.inform(this.translate('The history could not be loaded: %1', reason), true);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.retry(), this.wait);
    this.wait = Math.min(this.wait * 2, LAST_RETRY);
  }

  private inform(message: string, failed = false): void {
    this.notice.setAttribute('role', failed ? 'alert' : 'status');
    this.notice.classList.toggle('jd-history-error', failed);
    this.again.hidden = !failed;
    this.reason.textContent = message;
    this.notice.hidden = false;
  }

  // ------------------------------------------------------------------------------------------------------ drawing

  private layOut(): void {
    const { lanes, items } = this.shown;
    const { rowHeight, scale } = this.zoom;
    const hidden = lanesWidth(lanes, scale) - this.graph.width;
    this.node.style.setProperty('--jd-row', `${rowHeight}px`);
    this.node.style.setProperty('--jd-zoom', String(scale));
    this.scroller.resize(hidden > 0 ? this.port.clientWidth + hidden : 0, items.length * rowHeight);
    this.draw();
  }

  /** What is seen: what was there before, until as much of what is new has come. */
  private get shown(): Commits {
    return this.stale ?? this.commits;
  }

  private get graph(): GraphSight {
    const { rowHeight: height, scale } = this.zoom;
    const width = seenWidth(this.shown.lanes, scale, this.port.clientWidth);
    return { scale, height, left: this.scroller.left, width };
  }

  /** Rows are of another height; what is at `y` stays there. */
  private rescale(before: number, y: number): void {
    const place = (this.scroller.top + y) / before;
    this.layOut();
    this.scroller.scrollTo(place * this.zoom.rowHeight - y);
  }

  private draw(): void {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { clientWidth, clientHeight } = this.port;
    const commits = this.shown;
    this.canvas.style.width = `${clientWidth}px`;
    this.canvas.style.height = `${clientHeight}px`;
    const { top } = this.scroller;
    const { graph } = this;
    const first = Math.floor(top / graph.height);
    const end = Math.min(Math.ceil((top + clientHeight) / graph.height), commits.items.length);
    const marks = { selected: this.chosen, active: this.active, kinds: this.kinds };
    this.rows.show({ first, end, top, graph }, commits, marks);
    this.pointOut(first, end);
    if (!this.stale) {
      this.commits.want(end + AHEAD);
    }
  }

  /** Move along the lanes, where there are more than are seen. */
  private pan(lanes: number): void {
    const { scale, left } = this.graph;
    this.scroller.scrollTo(this.scroller.top, left + lanes * laneX(0, scale));
  }

  /** Tell screen readers which commit is the active one. */
  private pointOut(first: number, end: number): void {
    if (this.active >= first && this.active < end) {
      this.port.setAttribute('aria-activedescendant', `${this.prefix}-commit-${this.active}`);
    } else {
      this.port.removeAttribute('aria-activedescendant');
    }
  }

  private reveal(index: number): void {
    const { scale, height, left, width } = this.graph;
    const least = (index + 1) * height - this.port.clientHeight;
    const top = Math.min(Math.max(this.scroller.top, least), index * height);
    const lane = this.commits.rows[index]?.lane ?? 0;
    const rightmost = laneX(lane - 1, scale);
    this.scroller.scrollTo(top, Math.min(Math.max(left, laneX(lane + 1, scale) - width), rightmost));
  }

  private describe(): void {
    const known = this.selectedCommits;
    this.described.hidden = !this.showsDetails || known.length === 0;
    this.described.replaceChildren(...details(known, this.translate));
  }

  // ---------------------------------------------------------------------------------------------------- selecting

  private readonly onClick = (event: MouseEvent): void => {
    const index = indexOf(event.target);
    if (index !== null) {
      this.choose(index, event.shiftKey || event.ctrlKey || event.metaKey);
    }
  };

  private readonly onDoubleClick = (event: MouseEvent): void => {
    const index = indexOf(event.target);
    if (index !== null) {
      this.open(index);
    }
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (!event.altKey && this.press(event.key, event.shiftKey, event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  private press(key: string, shift: boolean, ctrl: boolean): boolean {
    const target = this.destination(key);
    if (target !== null) {
      this.move(target, shift, ctrl);
    } else if (key === ' ') {
      this.choose(this.active, shift || ctrl);
    } else if (key === 'Enter') {
      this.open(this.active);
    } else if (key === 'ArrowLeft' || key === 'ArrowRight') {
      this.pan(key === 'ArrowLeft' ? -PAN : PAN);
    } else {
      return !ctrl && this.zoom.press(key);
    }
    return true;
  }

  /** Where a key leads: with Shift the commit there becomes the second one, with Ctrl none is selected. */
  private move(target: number, shift: boolean, ctrl: boolean): void {
    this.active = Math.min(Math.max(target, 0), Math.max(this.commits.items.length - 1, 0));
    if (ctrl) {
      this.reveal(this.active);
    } else {
      this.choose(this.active, shift);
    }
  }

  private destination(key: string): number | null {
    const page = Math.max(Math.floor(this.port.clientHeight / this.zoom.rowHeight) - 1, 1);
    const targets: Record<string, number> = {
      ArrowUp: this.active - 1,
      ArrowDown: this.active + 1,
      PageUp: this.active - page,
      PageDown: this.active + page,
      Home: 0,
      End: this.commits.items.length - 1
    };
    return targets[key] ?? null;
  }

  private choose(index: number, second: boolean): void {
    const id = this.commits.items[index]?.id;
    if (id !== undefined) {
      this.active = index;
      const first = this.chosen[0];
      this.chosen = second && first !== undefined && first !== id ? [first, id] : [id];
      this.tell();
    }
  }

  private open(index: number): void {
    const id = this.commits.items[index]?.id;
    if (id !== undefined) {
      this.choose(index, false);
      this.callbacks.onOpen?.(id);
    }
  }

  private tell(): void {
    this.describe();
    this.reveal(this.active); // after the details, which take their room from the list
    this.draw();
    this.callbacks.onSelect?.(this.chosen);
  }

  // -------------------------------------------------------------------------------------------------------- state

  private readonly translate: Translate;
  private readonly showsDetails: boolean;
  private readonly prefix = `jd-history-${++made}`;
  private readonly node = element('div', 'jd-history', { 'data-lm-suppress-shortcuts': 'true' });
  private readonly port = element('div', 'jd-history-port', {
    role: 'listbox',
    'aria-multiselectable': 'true',
    tabindex: '0'
  });
  private readonly sizer = element('div', 'jd-history-sizer', { role: 'presentation' });
  private readonly canvas = element('div', 'jd-history-canvas', { role: 'presentation' });
  private readonly notice = element('div', 'jd-history-notice');
  private readonly reason = element('span', '');
  private readonly again = element('button', '', { type: 'button' });
  private readonly described = element('div', 'jd-history-details', {
    role: 'region',
    'aria-label': 'Details',
    tabindex: '0'
  });
  private readonly zoom: Zoom;
  private readonly rows: RowsView;
  private readonly scroller: Scroller;
  private readonly watcher = new ResizeObserver(() => this.layOut());
  private readonly closing = new AbortController();
  private commits: Commits;
  private stale: Commits | null = null;
  private kinds: ReadonlyMap<string, Ref['kind']> = new Map();
  private chosen: readonly string[] = [];
  private active = 0;
  private pending = 0;
  private timer = 0;
  private wait = FIRST_RETRY;
}

function indexOf(target: EventTarget | null): number | null {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-index]') : null;
  return row ? Number(row.dataset['index']) : null;
}
