/** The widget of a log, a graph, or of a dataset that can be worked with. */

import {
  ActionBar,
  assignLanes,
  HistoryView,
  type ActionName,
  type ActionSource,
  type Commit,
  type CommitPage,
  type HistorySource,
  type Ref
} from '../history';
import { plain } from '../grid/model';
import { Comm, type Model } from './comm';
import { frame } from './frame';
import { Nested } from './nested';

/** So many rows are seen at most; below them is room for the details. */
const ROWS = 12;
const ROW = 28;
const DETAILS = 130;
const FOOT = 27;
const FIRST_PAGE = 200;
const PAGE = 2_000;
/** So long an action may take: a merge of large tables. */
const ACTING = 900_000;

class KernelSource implements HistorySource, ActionSource {
  constructor(
    private readonly model: Model,
    private readonly comm: Comm
  ) {}

  get label(): string {
    return String(this.model.get('label'));
  }

  get current(): string {
    return String(this.model.get('current'));
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

  async run(name: ActionName, body: object, signal: AbortSignal): Promise<string> {
    const { content } = await this.comm.ask(name, body, signal, ACTING);
    return String(content['said']);
  }
}

/** What makes a history more than one to look at. */
class Workbench {
  constructor(
    el: HTMLElement,
    private readonly place: HTMLElement,
    private readonly model: Model,
    source: ActionSource,
    private readonly view: HistoryView
  ) {
    this.bar = new ActionBar(source, plain, () => view.focus());
    this.below = new Nested(model, 'below');
    el.append(this.bar.node, this.below.node);
    place.addEventListener('contextmenu', this.onMenu);
    place.addEventListener('keydown', this.onKey);
    model.on('change:revision', this.onRevision);
    model.on('change:current', this.onCurrent);
  }

  select(): void {
    this.bar.select(this.view.selectedCommits);
  }

  dispose(): void {
    this.model.off('change:revision', this.onRevision);
    this.model.off('change:current', this.onCurrent);
    this.below.dispose();
    this.bar.dispose();
  }

  private readonly onRevision = (): void => this.view.refresh();
  private readonly onCurrent = (): void => this.bar.show();

  private readonly onKey = (event: KeyboardEvent): void => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const inList = event.target instanceof Element && event.target.getAttribute('role') === 'listbox';
    if (isPlain && inList && this.bar.press(event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  private readonly onMenu = (event: MouseEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('.jd-commit') : null;
    if (row && row.getAttribute('aria-selected') !== 'true') {
      row.click();
    }
    const { left, top } = this.place.getBoundingClientRect();
    this.bar.menu(this.place.firstElementChild as HTMLElement, event.clientX - left, event.clientY - top);
  };

  private readonly bar: ActionBar;
  private readonly below: Nested;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const comm = new Comm(model);
  const source = new KernelSource(model, comm);
  const rows = Math.max(Math.min(Number(model.get('rows')), ROWS), model.get('actions') ? 5 : 1);
  const place = frame(el, rows * ROW + DETAILS + FOOT);
  const view = new HistoryView(place, source, {
    onSelect: ids => {
      model.send({ kind: 'select', ids });
      workbench?.select();
    }
  });
  const workbench = model.get('actions') ? new Workbench(el, place, model, source, view) : null;
  return () => {
    workbench?.dispose();
    view.dispose();
    comm.dispose();
  };
}

export { assignLanes, HistoryView };
export default { render };
