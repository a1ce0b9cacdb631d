/** Decides for many conflicts at once. */

import type { Translate } from '../grid';
import { element } from '../grid/dom';
import { button, labelled } from '../ui/panel';
import { keyText, TAKES, type Conflict, type Scope, type Take } from './model';

export class BulkBar {
  readonly node = element('div', 'jd-bulk', { role: 'group' });

  constructor(
    private readonly translate: Translate,
    onApply: (scope: Scope, take: Take) => void
  ) {
    this.node.setAttribute('aria-label', translate('Many at once'));
    this.take.append(...TAKES.map(take => new Option(translate(take), take)));
    this.take.setAttribute('aria-label', translate('Take'));
    this.scope.setAttribute('aria-label', translate('For'));
    this.apply = button(translate('Apply'), () =>
      onApply(this.scope.value as Scope, this.take.value as Take)
    );
    this.node.append(
      labelled('span', '', translate('Take')),
      this.take,
      labelled('span', '', translate('for')),
      this.scope,
      this.apply
    );
  }

  /** Offer what is about a conflict. */
  offer(conflict: Conflict): void {
    const { table, column, key } = conflict;
    const scopes: Array<[Scope, string]> = [
      ['all', this.translate('all conflicts')],
      ['table', this.translate('table %1', table)],
      ...(column !== null
        ? [['column', this.translate('column %1 of %2', column, table)] as [Scope, string]]
        : []),
      ...(key.length ? [['row', this.translate('row %1', keyText(conflict))] as [Scope, string]] : []),
      ['cell', this.translate('this one')]
    ];
    const { value } = this.scope;
    this.scope.replaceChildren(...scopes.map(([scope, text]) => new Option(text, scope)));
    this.scope.value = scopes.some(([scope]) => scope === value) ? value : 'all';
  }

  disable(): void {
    this.take.disabled = this.scope.disabled = this.apply.disabled = true;
  }

  private readonly take = element('select', 'jd-control');
  private readonly scope = element('select', 'jd-control jd-bulk-scope');
  private readonly apply: HTMLButtonElement;
}
