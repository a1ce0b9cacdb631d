import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { Notebook } from '@jupyterlab/notebook';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { codeIcon } from '@jupyterlab/ui-components';

import { CommandIDs, NAME } from '../tokens';
import { takes, text } from './arguments';
import type { Source } from '../datasets/cells';
import { cells, loads } from '../datasets/cells';
import { addToPalette } from './palette';
import type { Session } from './session';
import { ISession } from './session';
import type { Tabs } from './tabs';
import { targetOf } from './target';
import { ITabs } from './tabs';

type Args = { readonly [name: string]: unknown };

export const notebook: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:notebook`,
  description: 'Inserts cells that query a dataset into the notebook.',
  autoStart: true,
  requires: [ISession, ITabs],
  optional: [INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    session: Session,
    tabs: Tabs,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null
  ) => {
    app.commands.addCommand(CommandIDs.insertCell, {
      label: session.trans.__('Query Dataset in Notebook'),
      icon: codeIcon,
      isEnabled: args => tracker !== null && sourceOf(app, args, session, tabs) !== undefined,
      describedBy: takes('dataset', 'table', 'ref', 'target'),
      execute: async args => {
        const source = sourceOf(app, args, session, tabs);
        const kernelName = app.serviceManager.kernelspecs.specs?.default;
        const panel =
          tracker?.currentWidget ?? (await app.commands.execute('notebook:create-new', { kernelName }));
        if (source && panel) {
          await panel.context.ready;
          insert(panel.content, source);
          app.shell.activateById(panel.id);
        }
      }
    });
    addToPalette(palette, session.trans, [CommandIDs.insertCell]);
  }
};

function sourceOf(app: JupyterFrontEnd, args: Args, { datasets }: Session, tabs: Tabs): Source | undefined {
  const tab = args.dataset || args.target ? undefined : tabs.current?.model;
  const selected = () => (tab ? { dataset: tab.id, table: tab.table } : datasets.target);
  const target = targetOf(app, args, selected);
  const dataset = target && (datasets.get(target.dataset) ?? tabs.find(target.dataset)?.model.dataset);
  return dataset
    ? {
        dataset: dataset.name,
        table: target.table,
        defaultTable: dataset.default_table,
        ref: text(args, 'ref') ?? tab?.ref
      }
    : undefined;
}

/** Put cells below the active one, or into it when it is empty. */
function insert(notebook: Notebook, source: Source): void {
  const loaded = notebook.widgets.some(cell => loads(cell.model.sharedModel.getSource()));
  for (const cell of cells(source, loaded)) {
    if (notebook.activeCell?.model.sharedModel.getSource()) {
      NotebookActions.insertBelow(notebook);
    }
    NotebookActions.changeCellType(notebook, 'code');
    notebook.activeCell?.model.sharedModel.setSource(String(cell.source));
  }
}
