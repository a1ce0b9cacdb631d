import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import type { Widget } from '@lumino/widgets';

import { importable } from '../imports/names';
import { CommandIDs } from '../tokens';
import type { Dropped } from '../ui/filedrop';
import { openUnderDrag, takeDrops } from '../ui/filedrop';
import type { Session } from './session';

/** Let data files be dropped on the sidebar, which opens when they are dragged over its tab. */
export function takeFiles(
  app: JupyterFrontEnd,
  session: Session,
  sidebar: Widget,
  factory: IFileBrowserFactory | null
): void {
  openUnderDrag(`.jp-SideBar [data-id="${sidebar.id}"]`, () => app.shell.activateById(sidebar.id));
  takeDrops(sidebar.node, dropped => void addAll(app, session, factory, dropped));
}

/** Ask about each file, one after the other, until the person gives up. */
async function addAll(
  { commands }: JupyterFrontEnd,
  { trans }: Session,
  factory: IFileBrowserFactory | null,
  { paths, files }: Dropped
): Promise<void> {
  const strange = [...paths, ...files.map(file => file.name)].filter(name => !importable(name));
  if (strange.length > 0) {
    const text = trans.__(
      'Only CSV, TSV, text and Parquet files become datasets, not %1.',
      strange.join(', ')
    );
    Notification.warning(text, { autoClose: 8000 });
  }
  try {
    const sent = await upload(
      factory,
      files.filter(({ name }) => importable(name))
    );
    for (const path of [...paths.filter(importable), ...sent]) {
      if (!(await commands.execute(CommandIDs.add, { path }))) {
        return;
      }
    }
  } catch (reason) {
    Notification.error(trans.__('The file was not uploaded: %1', String(reason)));
  }
}

/** Put files into the folder that the file browser shows; their paths. */
async function upload(factory: IFileBrowserFactory | null, files: File[]): Promise<string[]> {
  const paths: string[] = [];
  for (const file of files) {
    const made = await factory?.tracker.currentWidget?.model.upload(file);
    paths.push(...(made ? [made.path] : []));
  }
  return paths;
}
