/** A widget that another one shows below itself, as its model names it. */

import { element } from '../grid/dom';
import { labelled } from '../ui/panel';
import type { Model } from './comm';

const PREFIX = 'IPY_MODEL_';

interface View {
  readonly el: HTMLElement;
  remove(): void;
}

export class Nested {
  readonly node = element('div', 'jd-nested');

  constructor(
    private readonly model: Model,
    private readonly trait: string
  ) {
    model.on(`change:${trait}`, this.show);
    void this.show();
  }

  dispose(): void {
    this.model.off(`change:${this.trait}`, this.show);
    this.clear();
    this.node.remove();
  }

  private readonly show = async (): Promise<void> => {
    const name = this.model.get(this.trait);
    this.clear();
    if (typeof name !== 'string' || !name.startsWith(PREFIX)) {
      return;
    }
    try {
      const view = await this.make(name.slice(PREFIX.length));
      if (name === this.model.get(this.trait)) {
        this.clear();
        this.view = view;
        this.node.append(view.el);
        this.node.scrollIntoView({ block: 'nearest' });
      }
    } catch {
      const where = `It cannot be shown here. In Python it is the attribute "${this.trait}" of this widget.`;
      this.node.replaceChildren(labelled('div', '', where));
    }
  };

  private async make(id: string): Promise<View> {
    const manager = this.model.widget_manager as NonNullable<Model['widget_manager']>;
    return (await manager.create_view(await manager.get_model(id))) as View;
  }

  private clear(): void {
    this.view?.remove();
    this.view = null;
    this.node.replaceChildren();
  }

  private view: View | null = null;
}
