/** The elements of the commits in sight. */

import { element } from '../grid/dom';
import type { Commits } from './commits';
import { draw, drawingWidth, newDrawing } from './drawing';
import { short, when, type Commit, type Ref } from './model';
import { ROW_HEIGHT } from './style';

type Kinds = ReadonlyMap<string, Ref['kind']>;

export interface Marks {
  readonly selected: readonly string[];
  readonly active: number;
  readonly kinds: Kinds;
}

class CommitView {
  readonly node = element('div', 'jd-commit', { role: 'option' });

  constructor(private readonly prefix: string) {
    this.node.append(this.drawing, this.chips, this.message, this.author, this.time, this.id);
    this.chips.style.display = 'contents';
  }

  show(index: number, commits: Commits, { selected, active, kinds }: Marks): void {
    const commit = commits.items[index] as Commit;
    if (commit !== this.commit || kinds !== this.kinds || commits.lanes !== this.lanes) {
      [this.commit, this.kinds, this.lanes] = [commit, kinds, commits.lanes];
      this.fill(index, commits, commit, kinds);
    }
    this.node.setAttribute('aria-selected', String(selected.includes(commit.id)));
    this.node.setAttribute('aria-setsize', String(commits.complete ? commits.items.length : -1));
    this.node.classList.toggle('jd-commit-active', index === active);
  }

  private fill(index: number, commits: Commits, commit: Commit, kinds: Kinds): void {
    const row = commits.rows[index];
    this.drawing.style.width = `${drawingWidth(commits.lanes)}px`;
    if (row) {
      draw(this.drawing, row, commits.lanes, ROW_HEIGHT);
    }
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
  private lanes = 0;
}

export class RowsView {
  constructor(
    private readonly parent: HTMLElement,
    private readonly prefix: string
  ) {}

  show(first: number, end: number, top: number, commits: Commits, marks: Marks): void {
    while (this.views.length < end - first) {
      const made = new CommitView(this.prefix);
      this.views.push(made);
      this.parent.append(made.node);
    }
    const seen = new Set<CommitView>();
    for (let index = first; index < end; index++) {
      const view = this.views[index % this.views.length] as CommitView;
      seen.add(view);
      view.show(index, commits, marks);
      view.node.style.transform = `translateY(${index * ROW_HEIGHT - top}px)`;
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
