/** What differs between two versions. */

import { plain, type Translate } from '../grid';
import { element, styleSheet } from '../grid/dom';
import { short, when } from '../history/model';
import { labelled } from '../ui/panel';
import type { DiffSource, Side } from './model';
import { style } from './style';
import { TablesView } from './tables';
import { TableView } from './table';

export class DiffView {
  constructor(
    parent: HTMLElement,
    private readonly source: DiffSource,
    private readonly translate: Translate = plain
  ) {
    const { difference } = source;
    this.node.setAttribute('aria-label', difference.label);
    this.node.append(styleSheet(style), this.header());
    this.tables = new TablesView(difference, translate, table => this.select(table));
    if (difference.tables.length + difference.files.length === 0) {
      this.node.append(labelled('div', 'jd-diff-nothing', translate('Nothing differs.')));
    } else {
      this.node.append(this.tables.node);
    }
    this.node.addEventListener('keydown', this.onKey);
    parent.append(this.node);
    if (difference.tables.length > 0) {
      this.tables.select(0);
      void this.count();
    }
  }

  dispose(): void {
    this.closing.abort();
    this.table?.dispose();
    this.node.remove();
  }

  private header(): HTMLElement {
    const { old, new: now } = this.source.difference;
    const node = element('div', 'jd-diff-versions');
    node.append(...this.version(this.translate('From'), old), ...this.version(this.translate('To'), now));
    return node;
  }

  private version(role: string, { id, seq, message, author, time, refs }: Side): HTMLElement[] {
    const about = element('span', 'jd-diff-version');
    const words = labelled(
      'span',
      'jd-diff-message',
      message.split('\n', 1)[0] || this.translate('(no message)')
    );
    words.title = `${message}\n${author}, ${when(time)} UTC`;
    about.append(...refs.map(name => labelled('span', 'jd-ref', name)), words);
    return [labelled('span', 'jd-diff-role', role), labelled('span', 'jd-id', `#${seq} ${short(id)}`), about];
  }

  private select(table: number): void {
    this.table?.dispose();
    this.table = new TableView(this.source, table, this.translate);
    this.node.append(this.table.node);
  }

  /** Count the rows of one table after the other. */
  private async count(): Promise<void> {
    for (const table of this.source.difference.tables.keys()) {
      try {
        this.tables.count(table, await this.source.counts(table, this.closing.signal));
      } catch (error) {
        if (this.closing.signal.aborted) {
          return;
        }
        this.tables.count(table, error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const step = { n: 1, p: -1 }[event.key] as 1 | -1 | undefined;
    if (step && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      void this.table?.step(step);
    }
  };

  private readonly node = element('section', 'jd-diff', { 'data-lm-suppress-shortcuts': 'true' });
  private readonly tables: TablesView;
  private readonly closing = new AbortController();
  private table: TableView | null = null;
}
