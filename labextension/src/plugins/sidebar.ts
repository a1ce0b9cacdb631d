import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { refreshIcon } from '@jupyterlab/ui-components';

import { Sidebar } from '../datasets/sidebar';
import { CommandIDs, NAME } from '../tokens';
import { datasetsIcon } from '../ui/icons';
import { whileVisible } from '../ui/signals';
import { takes } from './arguments';
import { dragCells } from './drag';
import { addToPalette } from './palette';
import type { Session } from './session';
import { ISession } from './session';

const EVERY = 5000; // ms

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:sidebar`,
  description: 'Shows the datasets in the left sidebar.',
  autoStart: true,
  requires: [ISession],
  optional: [ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    session: Session,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const { datasets, live, trans } = session;
    const look = () => void datasets.refresh().catch(() => undefined);
    const widget = new Sidebar({
      model: datasets,
      commands: app.commands,
      trans,
      drag: (event, dataset, table) => void dragCells(event, session, { dataset, table }),
      retry: look
    });
    whileVisible(widget, () => live.watch(`${NAME}:datasets`, () => datasets.refresh(), EVERY));
    app.shell.add(widget, 'left', { rank: 150 });
    restorer?.add(widget, widget.id);
    addCommands(app, session, widget, look);
    addToPalette(palette, trans, [CommandIDs.show, CommandIDs.showBin, CommandIDs.refresh]);
  }
};

function addCommands(
  app: JupyterFrontEnd,
  { datasets, trans }: Session,
  widget: Sidebar,
  look: () => void
): void {
  const { commands, shell } = app;
  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show Datasets'),
    icon: datasetsIcon,
    describedBy: takes(),
    execute: async () => {
      datasets.showsBin = false;
      // The palette gives the focus back as soon as the command has begun: take it after that.
      await Promise.resolve();
      shell.activateById(widget.id);
    }
  });
  commands.addCommand(CommandIDs.showBin, {
    label: trans.__('Show Deleted Datasets'),
    isToggled: () => datasets.showsBin,
    describedBy: {
      args: {
        type: 'object',
        properties: { shown: { type: 'boolean', description: 'False to leave the bin.' } }
      }
    },
    execute: args => {
      datasets.showsBin = args.shown !== false;
      shell.activateById(widget.id);
      look();
    }
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Datasets'),
    icon: refreshIcon,
    describedBy: takes(),
    execute: look
  });
}
