/** The widget of a log or a graph. */

import {
  assignLanes,
  HistoryView,
  type Commit,
  type CommitPage,
  type HistorySource,
  type Ref
} from '../history';
import { Comm, type Model } from './comm';
import { frame } from './frame';

/** So many rows are seen at most; below them is room for the details. */
const ROWS = 12;
const ROW = 28;
const DETAILS = 130;
const FOOT = 27;
const FIRST_PAGE = 200;
const PAGE = 2_000;

class CommitsSource implements HistorySource {
  constructor(
    private readonly model: Model,
    private readonly comm: Comm
  ) {}

  get label(): string {
    return String(this.model.get('label'));
  }

  async commits(cursor: string | null, signal: AbortSignal): Promise<CommitPage> {
    const offset = Number(cursor ?? 0);
    const limit = offset === 0 ? FIRST_PAGE : PAGE;
    const { content } = await this.comm.ask('commits', { offset, limit }, signal);
    const items = content['commits'] as Commit[];
    return { items, cursor: content['more'] ? String(offset + items.length) : null };
  }

  async refs(signal: AbortSignal): Promise<readonly Ref[]> {
    const { content } = await this.comm.ask('refs', {}, signal);
    return content['refs'] as Ref[];
  }
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const comm = new Comm(model);
  const height = Math.min(Number(model.get('rows')), ROWS) * ROW + DETAILS + FOOT;
  const view = new HistoryView(frame(el, height), new CommitsSource(model, comm), {
    onSelect: ids => model.send({ kind: 'select', ids })
  });
  return () => {
    view.dispose();
    comm.dispose();
  };
}

export { assignLanes, HistoryView };
export default { render };
