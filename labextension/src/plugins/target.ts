import type { JupyterFrontEnd } from '@jupyterlab/application';

import type { Target } from '../datasets/model';
import { text } from './arguments';

type Args = { readonly [name: string]: unknown };

/** Arguments of the items in a row's context menu: the command is about that row, whatever else is selected. */
export const ON_ROW = { target: 'row' };

/** What a command is about: what its arguments name, the row whose menu it comes from, or else what is selected. */
export function targetOf(
  app: JupyterFrontEnd,
  args: Args,
  selected: () => Target | null | undefined
): Target | undefined {
  const dataset = text(args, 'dataset');
  if (dataset !== undefined) {
    return { dataset, table: text(args, 'table') };
  }
  const found = args.target === ON_ROW.target ? rowOfMenu(app) : selected();
  return found ? { dataset: found.dataset, table: text(args, 'table') ?? found.table } : undefined;
}

/** The row of the sidebar on which the context menu was opened. */
function rowOfMenu(app: JupyterFrontEnd): Target | undefined {
  const row = app.contextMenuHitTest(node => node.classList.contains('jd-Tree-row'));
  const { dataset, table } = row?.dataset ?? {};
  return dataset === undefined ? undefined : { dataset, table };
}
