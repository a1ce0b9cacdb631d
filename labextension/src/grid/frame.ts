/** What stands around the cells: the scrolled area, the line below it, and notices over it. */

import { element, styleSheet } from './dom';
import type { Translate } from './model';
import { style } from './style';

export class Frame {
  readonly node = element('div', 'jd-grid', { 'data-lm-suppress-shortcuts': 'true' });
  readonly port = element('div', 'jd-grid-port', {
    role: 'grid',
    'aria-multiselectable': 'true',
    'aria-readonly': 'true',
    tabindex: '-1'
  });
  readonly sizer = element('div', 'jd-grid-sizer');
  readonly canvas = element('div', 'jd-grid-canvas');
  readonly size = element('span', 'jd-grid-size');

  constructor(
    label: string,
    private readonly translate: Translate,
    onRetry: () => void
  ) {
    this.port.setAttribute('aria-label', label);
    this.port.append(this.sizer);
    this.sizer.append(this.canvas);
    const status = element('div', 'jd-grid-status');
    status.append(this.size, this.said);
    this.again.textContent = translate('Try again');
    this.again.addEventListener('click', onRetry);
    this.notice.append(this.reason, this.again);
    this.node.append(styleSheet(style), this.port, this.notice, status);
    this.clear();
  }

  /** Let the canvas fill what is seen of the scrolled area; false while nothing is seen. */
  fit(): boolean {
    const { clientWidth, clientHeight } = this.port;
    this.canvas.style.width = `${clientWidth}px`;
    this.canvas.style.height = `${clientHeight}px`;
    return clientWidth > 0 && clientHeight > 0;
  }

  set rowHeight(pixels: number) {
    this.node.style.setProperty('--jd-row', `${pixels}px`);
  }

  busy(is: boolean): void {
    this.port.setAttribute('aria-busy', String(is));
  }

  say(message: string): void {
    this.said.textContent = message;
  }

  inform(message: string): void {
    this.show(message, false);
  }

  fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.show(this.translate('The rows could not be loaded: %1', reason), true);
  }

  clear(): void {
    this.notice.hidden = true;
  }

  private show(message: string, failed: boolean): void {
    this.notice.setAttribute('role', failed ? 'alert' : 'note');
    this.notice.classList.toggle('jd-grid-error', failed);
    this.again.hidden = !failed;
    this.reason.textContent = message;
    this.notice.hidden = false;
  }

  private readonly said = element('span', 'jd-grid-said', { role: 'status' });
  private readonly notice = element('div', 'jd-grid-notice');
  private readonly reason = element('span', '');
  private readonly again = element('button', '', { type: 'button' });
}
