/**
 * In JupyterLab an output of ours shows its static form until its widget is there.
 *
 * Without this a saved notebook would say "model not found" in its place: JupyterLab takes the widget's MIME type for
 * better than HTML, whether there is a kernel with the widget or not.
 */

import type { NotebookPanel } from '@jupyterlab/notebook';
import { Panel } from '@lumino/widgets';

type Registry = NotebookPanel['content']['rendermime'];
type Renderer = ReturnType<Registry['createRenderer']>;
type Model = Parameters<Renderer['renderModel']>[0];

const OURS = 'application/vnd.jupyter-datasets.widget+json';
const VIEW = 'application/vnd.jupyter.widget-view+json';
const HTML = 'text/html';
/** Before that of widgets, which is -10. */
const RANK = -20;

/** Have the outputs of a notebook fall back to their static form. */
export function keepFallback(registry: Registry): void {
  registry.addFactory(
    { safe: false, mimeTypes: [OURS], createRenderer: () => new WidgetOrFallback(registry) },
    RANK
  );
}

class WidgetOrFallback extends Panel implements Renderer {
  constructor(private readonly registry: Registry) {
    super();
  }

  async renderModel(model: Model): Promise<void> {
    this.watcher?.disconnect();
    [...this.widgets].forEach(widget => widget.dispose());
    const fallback = this.registry.createRenderer(HTML);
    this.addWidget(fallback);
    await fallback.renderModel(model);
    if (this.registry.getFactory(VIEW)) {
      await this.renderView(model, fallback);
    }
  }

  override dispose(): void {
    this.watcher?.disconnect();
    super.dispose();
  }

  /** Let the widget take the fallback's place as soon, and as long, as it shows something. */
  private async renderView(model: Model, fallback: Renderer): Promise<void> {
    const [view, place] = [this.registry.createRenderer(VIEW), new Panel()];
    const choose = (): void => {
      const alive = view.node.childElementCount > 0 && !view.isHidden;
      place.setHidden(!alive);
      fallback.setHidden(alive);
    };
    place.addWidget(view);
    this.addWidget(place);
    this.watcher = new MutationObserver(choose);
    this.watcher.observe(view.node, { childList: true, attributeFilter: ['class'] });
    choose();
    await view.renderModel(model);
  }

  private watcher: MutationObserver | null = null;
}
