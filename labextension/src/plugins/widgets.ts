import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { keepFallback } from '../widgets/fallback';

/** Widgets in notebooks: a saved one shows their static form. */
export const widgets: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-datasets:widgets',
  autoStart: true,
  optional: [INotebookTracker],
  activate: (_, notebooks: INotebookTracker | null) => {
    notebooks?.forEach(panel => keepFallback(panel.content.rendermime));
    notebooks?.widgetAdded.connect((_, panel) => keepFallback(panel.content.rendermime));
  }
};
