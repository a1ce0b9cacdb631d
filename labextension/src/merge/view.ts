/** Conflicts to be settled, one by one or many at once, and committed. */

import { plain, type Translate } from '../grid';
import { element, styleSheet } from '../grid/dom';
import { button, Notice } from '../ui/panel';
import { BulkBar } from './bulk';
import type { ReviewSource, Scope, Take } from './model';
import { RowsView } from './rows';
import { style } from './style';

const PAGE = 500;

export class ReviewView {
  constructor(
    parent: HTMLElement,
    private readonly source: ReviewSource,
    private readonly translate: Translate = plain
  ) {
    this.rows = new RowsView(translate, {
      onTake: (conflict, take) => this.settle(conflict, 'cell', take),
      onUndo: () => this.run('undo'),
      onActive: conflict => this.onActive(conflict)
    });
    this.bulk = new BulkBar(translate, (scope, take) => this.settle(this.active, scope, take));
    this.undo = button(
      translate('Undo answer'),
      () => this.run('undo'),
      translate('Take the last answer back (U)')
    );
    this.abort = button(translate('Abort'), () => this.run('abort'));
    this.commit = button(translate('Commit'), () => this.run('commit'));
    this.commit.classList.add('jd-primary');
    this.build();
    parent.append(this.node);
    this.forget = source.onChange(() => void this.show());
    void this.show();
  }

  dispose(): void {
    this.closing.abort();
    this.forget();
    this.node.remove();
  }

  private build(): void {
    const foot = element('div', 'jd-review-foot');
    this.hint.textContent = this.translate('Keys: ↑ ↓, O ours, T theirs, N newest, U undo');
    foot.append(this.left, this.hint, element('span', 'jd-space'), this.undo, this.abort, this.commit);
    const head = element('div', 'jd-review-head');
    head.append(this.title, this.bulk.node);
    this.node.append(styleSheet(style), head, this.rows.node, this.notice.node, foot);
  }

  /** Show the state as it is now, with conflicts that are not known yet. */
  private async show(): Promise<void> {
    const { title, round, answers, left, given, over } = this.source.state;
    this.title.textContent = `${title.slice(0, 1).toUpperCase()}${title.slice(1)}`;
    this.node.setAttribute('aria-label', title);
    this.left.textContent = over
      ? ''
      : this.translate(left === 1 ? '%1 is left.' : '%1 are left.', String(left));
    this.undo.disabled = over !== '' || given === 0;
    this.abort.disabled = over !== '';
    this.commit.disabled = over !== '' || left > 0;
    if (over) {
      this.hint.hidden = true;
      this.bulk.disable();
      this.notice.done(over);
    }
    this.rows.show(answers, over !== '');
    await this.load(round, answers.length);
  }

  private async load(round: number, count: number): Promise<void> {
    if (round !== this.round) {
      this.rows.clear();
      this.round = round;
    }
    if (this.loading || this.rows.count >= count) {
      return;
    }
    this.loading = true;
    try {
      const found = await this.source.conflicts(this.rows.count, PAGE, this.closing.signal);
      const isFirst = this.rows.count === 0;
      this.rows.add(found);
      if (isFirst) {
        this.rows.activate(0);
      }
    } catch (error) {
      this.fail(error);
      return;
    } finally {
      this.loading = false;
    }
    await this.show();
  }

  private onActive(conflict: number): void {
    this.active = conflict;
    const found = this.rows.conflict(conflict);
    if (found && this.source.state.over === '') {
      this.bulk.offer(found);
    }
  }

  private settle(conflict: number, scope: Scope, take: Take): void {
    this.do(() => this.source.settle(conflict, scope, take, this.closing.signal));
  }

  private run(action: 'undo' | 'refresh' | 'commit' | 'abort'): void {
    this.do(() => this.source.run(action, this.closing.signal));
  }

  /** Do one thing after the other, in the order in which they were asked for. */
  private do(action: () => Promise<void>): void {
    this.last = this.last.then(async () => {
      if (this.source.state.over || this.closing.signal.aborted) {
        return;
      }
      this.notice.clear();
      await action().catch(error => this.fail(error));
    });
  }

  private fail(error: unknown): void {
    if (!this.closing.signal.aborted) {
      const again = button(this.translate('Look again'), () => this.run('refresh'));
      again.title = this.translate('Compare with the branch as it is now; the answers stay');
      this.notice.fail(error, again);
    }
  }

  private readonly node = element('section', 'jd-review', { 'data-lm-suppress-shortcuts': 'true' });
  private readonly title = element('div', 'jd-review-title');
  private readonly left = element('span', 'jd-review-left', { role: 'status' });
  private readonly hint = element('span', 'jd-quiet jd-hint');
  private readonly notice = new Notice();
  private readonly rows: RowsView;
  private readonly bulk: BulkBar;
  private readonly undo: HTMLButtonElement;
  private readonly abort: HTMLButtonElement;
  private readonly commit: HTMLButtonElement;
  private readonly closing = new AbortController();
  private readonly forget: () => void;
  private last: Promise<void> = Promise.resolve();
  private active = 0;
  private round = 0;
  private loading = false;
}
