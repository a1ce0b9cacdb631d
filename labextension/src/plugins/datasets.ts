import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { addIcon, deleteIcon, editIcon, tagIcon, undoIcon } from '@jupyterlab/ui-components';

import type { Dataset } from '../api';
import * as forms from '../datasets/forms';
import { CommandIDs, NAME } from '../tokens';
import { takes } from './arguments';
import { addToPalette } from './palette';
import type { Session } from './session';
import { ISession } from './session';
import { ITabs } from './tabs';
import type { Tabs } from './tabs';
import { ON_ROW, targetOf } from './target';

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
      const { current } = tabs;
      const selected = () => (current ? { dataset: current.model.id } : session.datasets.target);
      const target = targetOf(app, args, selected);
      return (
        target &&
        (session.datasets.get(target.dataset) ?? tabs.find(target.dataset)?.model.dataset ?? undefined)
      );
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
        describedBy: takes('dataset', 'target'),
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
    menu.forEach((command, rank) =>
      contextMenu.addItem({ command, rank, args: ON_ROW, selector: '.jd-Tree-row' })
    );
  }
};
