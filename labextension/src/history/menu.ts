/** A menu at a place, which closes when it is left. */

import { element } from '../grid/dom';

export interface Entry {
  readonly label: string;
  readonly key: string;
  readonly enabled: boolean;
  run(): void;
}

export class Menu {
  readonly node = element('div', 'jd-menu', { role: 'menu' });

  /** `parent` is what the menu stays within, and `x` and `y` are places in it. */
  constructor(parent: HTMLElement, label: string, entries: readonly Entry[], x: number, y: number) {
    this.node.setAttribute('aria-label', label);
    this.node.append(...entries.map(entry => this.item(entry)));
    this.node.addEventListener('keydown', this.onKey);
    this.node.addEventListener('focusout', this.onLeave);
    this.before = (parent.getRootNode() as Document | ShadowRoot).activeElement;
    parent.append(this.node);
    this.node.style.left = `${Math.max(Math.min(x, parent.clientWidth - this.node.offsetWidth), 0)}px`;
    this.node.style.top = `${Math.max(Math.min(y, parent.clientHeight - this.node.offsetHeight), 0)}px`;
    this.items[0]?.focus();
  }

  close(): void {
    this.node.removeEventListener('focusout', this.onLeave);
    const isLeft = this.node.contains((this.node.getRootNode() as Document | ShadowRoot).activeElement);
    this.node.remove();
    if (isLeft && this.before instanceof HTMLElement) {
      this.before.focus({ preventScroll: true });
    }
  }

  private item({ label, key, enabled, run }: Entry): HTMLElement {
    const node = element('button', 'jd-menu-item', { type: 'button', role: 'menuitem', tabindex: '-1' });
    const [name, hint] = [element('span', ''), element('span', 'jd-menu-key', { 'aria-hidden': 'true' })];
    [name.textContent, hint.textContent] = [label, key.toUpperCase()];
    node.append(name, hint);
    node.disabled = !enabled;
    node.addEventListener('click', () => {
      this.close();
      run();
    });
    return node;
  }

  private get items(): HTMLElement[] {
    return [...this.node.querySelectorAll<HTMLElement>('button:not(:disabled)')];
  }

  private readonly onLeave = (event: FocusEvent): void => {
    if (!(event.relatedTarget instanceof Node && this.node.contains(event.relatedTarget))) {
      this.close();
    }
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { items } = this;
    const at = items.findIndex(item => item.matches(':focus'));
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (target !== undefined) {
      items.at(target % items.length)?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  private readonly before: Element | null;
}
