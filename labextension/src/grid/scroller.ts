/**
 * Scrolls content that is higher than a browser lets an element be.
 *
 * A `port` scrolls a `sizer`. Up to MOST pixels the sizer is as high as the content; beyond, a scroll position stands
 * for a proportional place in the content. Small steps (wheel, touch) still move the content pixel by pixel: the
 * scroll position is brought back to proportion once the scrolling has stopped.
 */

const MOST = 8_000_000;
const REST = 150;

export class Scroller {
  constructor(
    private readonly port: HTMLElement,
    private readonly sizer: HTMLElement,
    private readonly onScroll: () => void
  ) {
    port.addEventListener('scroll', this.follow, { passive: true });
  }

  /** Pixels of content above the port. */
  get top(): number {
    return this._top;
  }

  get left(): number {
    return this.port.scrollLeft;
  }

  /** Set the size of the content; the place in it stays where it can. */
  resize(width: number, height: number): void {
    this.height = height;
    this.sizer.style.width = `${width}px`;
    this.sizer.style.height = `${Math.min(height, MOST)}px`;
    this.place(this._top);
  }

  scrollTo(top: number, left = this.left): void {
    this.port.scrollLeft = left;
    this.place(top);
    this.onScroll();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.port.removeEventListener('scroll', this.follow);
  }

  private get most(): number {
    return Math.max(this.height - this.port.clientHeight, 0);
  }

  private get mostScroll(): number {
    return Math.max(Math.min(this.height, MOST) - this.port.clientHeight, 0);
  }

  private place(top: number): void {
    this._top = Math.min(Math.max(top, 0), this.most);
    this.settle();
  }

  private readonly settle = (): void => {
    const wanted = this.most === 0 ? 0 : Math.round((this._top / this.most) * this.mostScroll);
    this.port.scrollTop = wanted;
    this.seen = this.port.scrollTop;
  };

  private readonly follow = (): void => {
    const now = this.port.scrollTop;
    const step = now - this.seen;
    if (step !== 0) {
      this.seen = now;
      this._top = this.after(now, step);
      clearTimeout(this.timer);
      this.timer = window.setTimeout(this.settle, REST);
    }
    this.onScroll();
  };

  /** Where the content is after a step: the ends are ends, a small step is itself, a leap is proportional. */
  private after(now: number, step: number): number {
    if (now <= 0) {
      return 0;
    }
    if (now >= this.mostScroll - 1) {
      return this.most;
    }
    if (Math.abs(step) <= this.port.clientHeight) {
      return Math.min(Math.max(this._top + step, 0), this.most);
    }
    return (now / this.mostScroll) * this.most;
  }

  private _top = 0;
  private height = 0;
  private seen = 0;
  private timer = 0;
}
