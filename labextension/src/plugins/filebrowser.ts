import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';

import { addFile } from '../imports/form';
import { importable } from '../imports/names';
import { CommandIDs, NAME } from '../tokens';
import { datasetsIcon } from '../ui/icons';
import { takes, text } from './arguments';
import { addToPalette } from './palette';
import type { Session } from './session';
import { ISession } from './session';

export const filebrowser: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:filebrowser`,
  description: 'Adds data files of the file browser to datasets.',
  autoStart: true,
  requires: [ISession],
  optional: [IFileBrowserFactory, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    session: Session,
    factory: IFileBrowserFactory | null,
    palette: ICommandPalette | null
  ) => {
    const { commands, contextMenu } = app;
    const { contents } = app.serviceManager;
    const find = (args: { readonly [name: string]: unknown }) => text(args, 'path') ?? selectedFile(factory);
    commands.addCommand(CommandIDs.add, {
      label: session.trans.__('Add to Datasets…'),
      icon: datasetsIcon,
      isEnabled: args => find(args) !== undefined,
      isVisible: args => find(args) !== undefined,
      describedBy: takes('path'),
      execute: async args => {
        const path = find(args);
        const job = path === undefined ? null : await addFile(session, contents.localPath(path));
        if (job && session.settings.get('showJobs')) {
          await commands.execute(CommandIDs.showJobs);
        }
        return job;
      }
    });
    contextMenu.addItem({
      command: CommandIDs.add,
      selector: '.jp-DirListing-item[data-isdir="false"]',
      rank: 3
    });
    addToPalette(palette, session.trans, [CommandIDs.add]);
  }
};

/** The one file that is selected, if it is of a kind that can be imported. */
function selectedFile(factory: IFileBrowserFactory | null): string | undefined {
  const selected = [...(factory?.tracker.currentWidget?.selectedItems() ?? [])];
  const [file] = selected;
  return selected.length === 1 && file.type !== 'directory' && importable(file.path) ? file.path : undefined;
}
