/** How large rows and lanes are: by buttons, by keys, and by the wheel with Ctrl held. */

import { element } from '../grid/dom';
import type { Translate } from '../grid/model';
import { ROW_HEIGHT } from './style';

const LEAST = 0.6;
const MOST = 2;
const STEP = 1.25;
/** The part of a zoom step that one pixel of the wheel is. */
const WHEEL = 0.0015;
const LINE = 16; // pixels of a wheel that counts lines

export class Zoom {
  readonly node = element('div', 'jd-zoom', { role: 'group' });

  /** `onZoom` gets the height of a row before, and the place in the port that is to stay. */
  constructor(
    private readonly port: HTMLElement,
    translate: Translate,
    private readonly onZoom: (before: number, y: number) => void
  ) {
    this.node.setAttribute('aria-label', translate('Zoom'));
    this.node.append(
      this.button(this.less, '−', translate('Zoom out'), () => this.set(this.scale / STEP)),
      this.button(this.reset, '', translate('Zoom to 100 %'), () => this.set(1)),
      this.button(this.more, '+', translate('Zoom in'), () => this.set(this.scale * STEP))
    );
    port.addEventListener('wheel', this.onWheel, { passive: false });
    this.show();
  }

  get scale(): number {
    return this._scale;
  }

  get rowHeight(): number {
    return Math.round(ROW_HEIGHT * this._scale);
  }

  /** Whether a key zooms; then it has done so. */
  press(key: string): boolean {
    const scale = { '+': this._scale * STEP, '=': this._scale * STEP, '-': this._scale / STEP, '0': 1 }[key];
    if (scale !== undefined) {
      this.set(scale);
    }
    return scale !== undefined;
  }

  dispose(): void {
    this.port.removeEventListener('wheel', this.onWheel);
  }

  private set(scale: number, y = this.port.clientHeight / 2): void {
    const before = this.rowHeight;
    this._scale = Math.min(Math.max(scale, LEAST), MOST);
    this.show();
    this.onZoom(before, y);
  }

  private show(): void {
    this.reset.textContent = `${Math.round(this._scale * 100)} %`;
    this.less.disabled = this._scale <= LEAST;
    this.more.disabled = this._scale >= MOST;
  }

  private button(node: HTMLButtonElement, text: string, label: string, run: () => void): HTMLElement {
    node.textContent = text;
    node.title = label;
    node.setAttribute('aria-label', label);
    node.addEventListener('click', run);
    return node;
  }

  private readonly onWheel = (event: WheelEvent): void => {
    if (event.ctrlKey) {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1);
      const y = event.clientY - this.port.getBoundingClientRect().top;
      this.set(this._scale * Math.exp(-pixels * WHEEL), y);
    }
  };

  private readonly less = element('button', '', { type: 'button' });
  private readonly reset = element('button', '', { type: 'button' });
  private readonly more = element('button', '', { type: 'button' });
  private _scale = 1;
}
