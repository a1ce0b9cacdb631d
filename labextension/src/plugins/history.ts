import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import { redoIcon, tagIcon, undoIcon, jumpBackIcon } from '@jupyterlab/ui-components';

import { asApiError } from '../api';
import { CommandIDs, NAME } from '../tokens';
import { explain } from '../ui/errors';
import { branchIcon } from '../ui/icons';
import * as forms from '../versions/forms';
import type { VersionModel } from '../versions/model';
import { takes, text } from './arguments';
import { addToPalette } from './palette';
import type { Session } from './session';
import { ISession } from './session';
import type { Tabs } from './tabs';
import { ITabs } from './tabs';

interface Action {
  id: string;
  label: string;
  icon: LabIcon;
  /** Whether it is about a branch, and not about any version. */
  branch?: boolean;
  run: (model: VersionModel, ref: string | undefined) => Promise<unknown>;
}

export const history: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:history`,
  description: 'Commands that branch, tag, check out, undo and redo.',
  autoStart: true,
  requires: [ISession, ITabs],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, session: Session, tabs: Tabs, palette: ICommandPalette | null) => {
    const find = (args: { readonly [name: string]: unknown }) => {
      const id = text(args, 'dataset');
      return (id === undefined ? tabs.current : tabs.find(id))?.model;
    };
    for (const action of actions(session)) {
      app.commands.addCommand(action.id, {
        label: action.label,
        icon: action.icon,
        isEnabled: args => enabled(find(args), action),
        describedBy: takes('dataset', 'ref'),
        execute: args => attempt(session, find(args), model => action.run(model, text(args, 'ref')))
      });
      addToPalette(palette, session.trans, [action.id]);
    }
  }
};

function actions({ trans }: Session): Action[] {
  return [
    {
      id: CommandIDs.checkout,
      label: trans.__('Check Out Version…'),
      icon: jumpBackIcon,
      run: (model, ref) => forms.checkout(model, trans, ref)
    },
    {
      id: CommandIDs.branch,
      label: trans.__('Create Branch…'),
      icon: branchIcon,
      run: (model, ref) => forms.createRef(model, trans, 'branch', ref ?? model.ref)
    },
    {
      id: CommandIDs.tag,
      label: trans.__('Create Tag…'),
      icon: tagIcon,
      run: (model, ref) => forms.createRef(model, trans, 'tag', ref ?? model.ref)
    },
    {
      id: CommandIDs.undo,
      label: trans.__('Undo Last Change of Branch'),
      icon: undoIcon,
      branch: true,
      run: (model, ref) => model.api.versions.undo(model.id, ref ?? model.ref)
    },
    {
      id: CommandIDs.redo,
      label: trans.__('Redo Change of Branch'),
      icon: redoIcon,
      branch: true,
      run: (model, ref) => model.api.versions.redo(model.id, ref ?? model.ref)
    }
  ];
}

function enabled(model: VersionModel | undefined, { branch }: Action): boolean {
  return model?.dataset != null && (!branch || model.onBranch);
}

async function attempt(
  { datasets, trans }: Session,
  model: VersionModel | undefined,
  run: (model: VersionModel) => Promise<unknown>
): Promise<void> {
  if (!model) {
    return;
  }
  try {
    await run(model);
    await model.refresh();
    datasets.contents.forget(model.id);
  } catch (reason) {
    const { message, nextStep } = explain(asApiError(reason), trans);
    Notification.error(`${message} ${nextStep}`.trim());
  }
}
