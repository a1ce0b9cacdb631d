import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

import type { Target } from '../datasets/model';
import { cells } from '../datasets/cells';
import type { Session } from './session';

const CELLS = 'application/vnd.jupyter.cells';

/** Drag a dataset or table: a notebook takes it as cells, an editor as text. */
export async function dragCells(event: PointerEvent, session: Session, target: Target): Promise<void> {
  const dataset = session.datasets.get(target.dataset);
  if (!dataset) {
    return;
  }
  const source = { dataset: dataset.name, table: target.table, defaultTable: dataset.default_table };
  const mimeData = new MimeData();
  const [query] = cells(source, true);
  mimeData.setData(CELLS, cells(source, false));
  mimeData.setData('text/plain', query.source);
  const drag = new Drag({
    mimeData,
    proposedAction: 'copy',
    supportedActions: 'copy',
    dragImage: ghost(dataset.name)
  });
  await drag.start(event.clientX, event.clientY);
  drag.dispose();
}

function ghost(name: string): HTMLElement {
  const node = document.createElement('div');
  node.className = 'jd-Drag';
  node.textContent = name;
  return node;
}
