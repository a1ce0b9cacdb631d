import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { deleteIcon, refreshIcon } from '@jupyterlab/ui-components';

import { Sidebar } from '../datasets/sidebar';
import { CommandIDs, NAME } from '../tokens';
import { datasetsIcon } from '../ui/icons';
import { whileVisible } from '../ui/signals';
import { takes } from './arguments';
import { dragCells } from './drag';
import { takeFiles } from './drop';
import { addToPalette, focusReturned } from './palette';
import type { Session } from './session';
import { ISession } from './session';

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:sidebar`,
  description: 'Shows the datasets in the left sidebar.',
  autoStart: true,
  requires: [ISession],
  optional: [ILayoutRestorer, ICommandPalette, IFileBrowserFactory],
  activate: (
    app: JupyterFrontEnd,
    session: Session,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    factory: IFileBrowserFactory | null
  ) => {
    const { datasets, live, trans } = session;
    const look = () => datasets.refresh().catch(() => undefined);
    const widget = new Sidebar({
      model: datasets,
      commands: app.commands,
      trans,
      drag: (event, dataset, table) => void dragCells(event, session, { dataset, table }),
      retry: look
    });
    whileVisible(widget, () => live.watch(`${NAME}:datasets`, () => datasets.refresh()));
    app.shell.add(widget, 'left', { rank: 150 });
    restorer?.add(widget, widget.id);
    takeFiles(app, session, widget, factory);
    addCommands(app, session, widget, look);
    addToPalette(palette, trans, [CommandIDs.show, CommandIDs.showBin, CommandIDs.refresh]);
  }
};

function addCommands(
  app: JupyterFrontEnd,
  { datasets, trans }: Session,
  widget: Sidebar,
  look: () => Promise<void>
): void {
  const { commands, shell } = app;
  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show Datasets'),
    icon: datasetsIcon,
    describedBy: takes(),
    execute: async () => {
      datasets.showsBin = false;
      await focusReturned();
      shell.activateById(widget.id);
    }
  });
  commands.addCommand(CommandIDs.showBin, {
    label: trans.__('Show Deleted Datasets'),
    icon: deleteIcon,
    isToggled: () => datasets.showsBin,
    describedBy: {
      args: {
        type: 'object',
        properties: { shown: { type: 'boolean', description: 'False to leave the bin.' } }
      }
    },
    execute: async args => {
      datasets.showsBin = args.shown !== false;
      await focusReturned();
      shell.activateById(widget.id);
      return look();
    }
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Datasets'),
    icon: refreshIcon,
    describedBy: takes(),
    execute: look
  });
}
