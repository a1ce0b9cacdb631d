/** A place of a certain height in an output. */

import { element } from '../grid/dom';

export function frame(parent: HTMLElement, height: number): HTMLElement {
  const node = element('div', 'jd-widget');
  node.style.height = `${height}px`;
  node.style.border = '1px solid var(--jp-border-color2, light-dark(#e0e0e0, #424242))';
  parent.append(node);
  return node;
}
