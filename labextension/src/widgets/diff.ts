/** The widget of a difference. */

import { tableFromIPC } from '@uwdata/flechette';
import {
  DiffView,
  type Counts,
  type Difference,
  type DiffSource,
  type Line,
  type LinesRequest,
  type Outline
} from '../diff';
import type { CellValue, RowMark } from '../grid';
import { Comm, type Model } from './comm';

/** So long a comparison may take: versions of millions of rows, all of which differ. */
const COMPARING = 900_000;

class KernelSource implements DiffSource {
  constructor(
    model: Model,
    private readonly comm: Comm
  ) {
    this.difference = model.get('diff') as Difference;
  }

  readonly difference: Difference;

  async counts(table: number, signal: AbortSignal): Promise<Counts> {
    const { content } = await this.comm.ask('counts', { table }, signal, COMPARING);
    return content['counts'] as Counts;
  }

  async open(table: number, signal: AbortSignal): Promise<Outline> {
    const { content } = await this.comm.ask('open', { table }, signal, COMPARING);
    return content as unknown as Outline;
  }

  async lines({ purpose, ...request }: LinesRequest, signal: AbortSignal): Promise<Line[]> {
    const { buffers } = await this.comm.ask(purpose, request, signal, COMPARING);
    return linesOf(buffers[0], request.columns);
  }
}

/** The lines of an Arrow stream: kind, places of changed columns, then for each column its value, and that before. */
function linesOf(buffer: DataView | undefined, columns: readonly number[]): Line[] {
  if (!buffer) {
    return [];
  }
  const table = tableFromIPC(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength));
  const parts = Array.from({ length: table.numCols }, (_, index) => table.getChildAt(index));
  const text = (column: number, row: number): string | null =>
    (parts[column]?.at(row) as string | null) ?? null;
  return Array.from({ length: table.numRows }, (_, row) => {
    const places = (text(1, row) ?? '').split(',').filter(Boolean).map(Number);
    const cells = columns.map((place, index): CellValue => {
      const after = text(2 + 2 * index, row);
      return places.includes(place) ? { before: text(3 + 2 * index, row), after } : after;
    });
    return { kind: text(0, row) as RowMark, places, cells };
  });
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const comm = new Comm(model);
  const view = new DiffView(el, new KernelSource(model, comm));
  return () => {
    view.dispose();
    comm.dispose();
  };
}

export default { render };
