/** The widget of a table. */

import { tableFromIPC } from '@uwdata/flechette';
import {
  DataGrid,
  type GridColumn,
  type GridShape,
  type GridSource,
  type Page,
  type PageRequest
} from '../grid';
import { Comm, type Model } from './comm';
import { frame } from './frame';

const HEIGHT = 420;
/** Header, rows and the line below them. */
const HEADER = 66;
const ROW = 24;

class TableSource implements GridSource {
  constructor(
    private readonly model: Model,
    private readonly comm: Comm
  ) {}

  get label(): string {
    return String(this.model.get('label'));
  }

  async shape(): Promise<GridShape> {
    return { columns: this.model.get('columns') as GridColumn[], rows: Number(this.model.get('rows')) };
  }

  async page(request: PageRequest, signal: AbortSignal): Promise<Page> {
    const { offset, limit, firstColumn, columnCount, whole } = request;
    const kind = whole ? 'copy' : 'page';
    const body = { offset, limit, first_column: firstColumn, column_count: columnCount };
    const { buffers } = await this.comm.ask(kind, body, signal);
    return { offset, rows: rowsOf(buffers[0]) };
  }
}

/** The rows of an Arrow stream whose columns are all text. */
function rowsOf(buffer: DataView | undefined): Array<Array<string | null>> {
  if (!buffer) {
    return [];
  }
  const table = tableFromIPC(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
  const columns = Array.from({ length: table.numCols }, (_, index) => table.getChildAt(index));
  return Array.from({ length: table.numRows }, (_, row) =>
    columns.map(column => (column.at(row) as string | null) ?? null)
  );
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const comm = new Comm(model);
  const rows = Math.max(Number(model.get('rows')), 2);
  const grid = new DataGrid(
    frame(el, Math.min(HEIGHT, HEADER + 16 + rows * ROW)),
    new TableSource(model, comm)
  );
  return () => {
    grid.dispose();
    comm.dispose();
  };
}

export { DataGrid };
export default { render };
