import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';

import { CommandIDs, NAME } from '../tokens';
import type { Session } from './session';
import { ISession } from './session';

export const launcher: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:launcher`,
  description: 'Shows the datasets from the launcher.',
  autoStart: true,
  requires: [ISession],
  optional: [ILauncher],
  activate: (_: JupyterFrontEnd, { trans }: Session, launcher: ILauncher | null) => {
    launcher?.add({ command: CommandIDs.show, category: trans.__('Other'), rank: 5 });
  }
};
