import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { addIcon, deleteIcon, editIcon, tagIcon, undoIcon } from '@jupyterlab/ui-components';

import type { Dataset } from '../api';
import * as forms from '../datasets/forms';
import { CommandIDs, NAME } from '../tokens';
import { takes, text } from './arguments';
import { addToPalette } from './palette';
import type { Session } from './session';
import { ISession } from './session';
import { ITabs } from './tabs';
import type { Tabs } from './tabs';

type Args = { readonly [name: string]: unknown };

export const datasets: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:datasets`,
  description: 'Commands that create, rename, describe, label, delete and restore datasets.',
  autoStart: true,
  requires: [ISession, ITabs],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, session: Session, tabs: Tabs, palette: ICommandPalette | null) => {
    const { commands, contextMenu } = app;
    const { trans } = session;
    const find = (args: Args): Dataset | undefined => {
      const id = text(args, 'dataset') ?? tabs.current?.model.id ?? session.datasets.target?.dataset;
      return id === undefined ? undefined : session.datasets.get(id);
    };
    const onDataset = (
      id: string,
      label: string,
      icon: typeof addIcon,
      run: (dataset: Dataset) => Promise<unknown>
    ) =>
      commands.addCommand(id, {
        label,
        icon,
        isEnabled: args => find(args) !== undefined,
        describedBy: takes('dataset'),
        execute: async args => {
          const dataset = find(args);
          return dataset && run(dataset);
        }
      });

    commands.addCommand(CommandIDs.create, {
      label: trans.__('New Dataset…'),
      icon: addIcon,
      describedBy: takes(),
      execute: () => forms.create(session)
    });
    onDataset(CommandIDs.rename, trans.__('Rename Dataset…'), editIcon, dataset =>
      forms.rename(session, dataset)
    );
    onDataset(CommandIDs.describe, trans.__('Describe Dataset…'), editIcon, dataset =>
      forms.describe(session, dataset)
    );
    onDataset(CommandIDs.label, trans.__('Label Dataset…'), tagIcon, dataset =>
      forms.label(session, dataset)
    );
    onDataset(CommandIDs.restore, trans.__('Restore Dataset'), undoIcon, dataset =>
      forms.restore(session, dataset)
    );
    onDataset(CommandIDs.delete, trans.__('Delete Dataset'), deleteIcon, async dataset => {
      await forms.moveToBin(session, dataset);
      const restore = () => void commands.execute(CommandIDs.restore, { dataset: dataset.id });
      Notification.info(trans.__('%1 is in the bin.', dataset.name), {
        autoClose: 8000,
        actions: [{ label: trans.__('Restore'), callback: restore }]
      });
    });

    const listed = [
      CommandIDs.create,
      CommandIDs.rename,
      CommandIDs.describe,
      CommandIDs.label,
      CommandIDs.delete
    ];
    addToPalette(palette, trans, listed);
    const menu = [CommandIDs.open, CommandIDs.insertCell, ...listed.slice(1)];
    menu.forEach((command, rank) => contextMenu.addItem({ command, rank, selector: '.jd-Tree-row' }));
  }
};
