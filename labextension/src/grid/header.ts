/** The header: a name and a type for each column in sight, and grips that change widths. */

import type { Columns } from './columns';
import { element } from './dom';
import type { Sight } from './view';

export interface HeaderEvents {
  onResize(column: number, width: number): void;
  onFit(column: number): void;
}

export class HeaderView {
  readonly node = element('div', 'jd-grid-header', { role: 'row', 'aria-rowindex': '1' });

  constructor(private readonly events: HeaderEvents) {
    this.corner.textContent = '#';
    this.node.append(this.corner);
  }

  show(sight: Sight, columns: Columns): void {
    this.corner.style.width = `${sight.gutter}px`;
    const heads = new Map<number, HTMLElement>();
    for (let column = sight.firstColumn; column < sight.endColumn; column++) {
      const head = this.heads.get(column) ?? this.make(column, columns);
      head.style.transform = `translateX(${sight.gutter + columns.start(column) - sight.left}px)`;
      head.style.width = `${columns.widthOf(column)}px`;
      heads.set(column, head);
    }
    for (const [column, head] of this.heads) {
      if (!heads.has(column)) {
        head.remove();
      }
    }
    this.heads = heads;
  }

  private make(column: number, columns: Columns): HTMLElement {
    const { name, type } = columns.items[column] ?? { name: '', type: '' };
    const head = element('div', 'jd-grid-head', {
      role: 'columnheader',
      'aria-colindex': String(column + 2),
      title: `${name}\n${type}`
    });
    head.dataset['column'] = String(column);
    const [top, bottom] = [element('span', 'jd-grid-name'), element('span', 'jd-grid-type')];
    [top.textContent, bottom.textContent] = [name, type];
    head.classList.toggle('jd-grid-right', columns.numeric[column] === true);
    head.append(top, bottom, this.grip(column, columns));
    this.node.append(head);
    return head;
  }

  private grip(column: number, columns: Columns): HTMLElement {
    const grip = element('div', 'jd-grid-grip', { 'aria-hidden': 'true' });
    grip.addEventListener('pointerdown', down => {
      const width = columns.widthOf(column);
      const move = (event: PointerEvent) =>
        this.events.onResize(column, width + event.clientX - down.clientX);
      down.stopPropagation();
      grip.setPointerCapture(down.pointerId);
      grip.addEventListener('pointermove', move);
      grip.addEventListener('lostpointercapture', () => grip.removeEventListener('pointermove', move), {
        once: true
      });
    });
    grip.addEventListener('dblclick', () => this.events.onFit(column));
    return grip;
  }

  private readonly corner = element('div', 'jd-grid-number jd-grid-corner', {
    role: 'columnheader',
    'aria-colindex': '1',
    'aria-label': 'Row'
  });
  private heads = new Map<number, HTMLElement>();
}
