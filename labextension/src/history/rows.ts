/** The elements of the commits in sight. */

import { element } from '../grid/dom';
import type { Commits } from './commits';
import { aim, draw, newDrawing, type GraphSight } from './drawing';
import type { LaneRow } from './lanes';
import { short, when, type Commit, type Ref } from './model';

type Kinds = ReadonlyMap<string, Ref['kind']>;

export interface Marks {
  readonly selected: readonly string[];
  readonly active: number;
  readonly kinds: Kinds;
}

/** The commits in sight, in rows of a height, and how far down the first pixel in sight is. */
export interface Sight {
  readonly first: number;
  readonly end: number;
  readonly top: number;
  readonly graph: GraphSight;
}

class CommitView {
  readonly node = element('div', 'jd-commit', { role: 'option' });

  constructor(private readonly prefix: string) {
    this.node.append(this.drawing, this.chips, this.message, this.author, this.time, this.id);
    this.chips.style.display = 'contents';
  }

  show(index: number, commits: Commits, graph: GraphSight, { selected, active, kinds }: Marks): void {
    const commit = commits.items[index] as Commit;
    const row = commits.rows[index] as LaneRow;
    if (commit !== this.commit || kinds !== this.kinds) {
      [this.commit, this.kinds] = [commit, kinds];
      this.fill(index, commit, kinds);
    }
    if (row !== this.row || graph.scale !== this.scale) {
      [this.row, this.scale] = [row, graph.scale];
      draw(this.drawing, row, graph);
    }
    aim(this.drawing, graph);
    this.node.setAttribute('aria-selected', String(selected.includes(commit.id)));
    this.node.setAttribute('aria-setsize', String(commits.complete ? commits.items.length : -1));
    this.node.classList.toggle('jd-commit-active', index === active);
  }

  private fill(index: number, commit: Commit, kinds: Kinds): void {
    this.node.id = `${this.prefix}-${index}`;
    this.node.dataset['index'] = String(index);
    this.node.setAttribute('aria-posinset', String(index + 1));
    this.chips.replaceChildren(...commit.refs.map(name => chip(name, kinds.get(name))));
    this.message.textContent = commit.message.split('\n', 1)[0] || '(no message)';
    this.author.textContent = commit.author;
    this.time.textContent = when(commit.time);
    this.id.textContent = short(commit.id);
  }

  private readonly drawing = newDrawing();
  private readonly chips = element('span', '');
  private readonly message = element('span', 'jd-commit-message');
  private readonly author = element('span', 'jd-commit-author');
  private readonly time = element('span', 'jd-commit-time', { title: 'UTC' });
  private readonly id = element('span', 'jd-commit-id');
  private commit: Commit | null = null;
  private kinds: Kinds | null = null;
  private row: LaneRow | null = null;
  private scale = 0;
}

export class RowsView {
  constructor(
    private readonly parent: HTMLElement,
    private readonly prefix: string
  ) {}

  show({ first, end, top, graph }: Sight, commits: Commits, marks: Marks): void {
    while (this.views.length < end - first) {
      const made = new CommitView(this.prefix);
      this.views.push(made);
      this.parent.append(made.node);
    }
    const seen = new Set<CommitView>();
    for (let index = first; index < end; index++) {
      const view = this.views[index % this.views.length] as CommitView;
      seen.add(view);
      view.show(index, commits, graph, marks);
      view.node.style.transform = `translateY(${index * graph.height - top}px)`;
    }
    for (const view of this.views) {
      view.node.hidden = !seen.has(view);
    }
  }

  private readonly views: CommitView[] = [];
}

function chip(name: string, kind: Ref['kind'] | undefined): HTMLElement {
  const node = element('span', `jd-chip${kind ? ` jd-chip-${kind}` : ''}`, {
    title: kind ? `${kind} ${name}` : name
  });
  node.textContent = name;
  return node;
}
