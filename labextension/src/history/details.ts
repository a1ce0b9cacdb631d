/** What is to be said of the selected commits. */

import { element } from '../grid/dom';
import type { Translate } from '../grid/model';
import { when, type Commit } from './model';

export function details(commits: readonly Commit[], translate: Translate): HTMLElement[] {
  return commits.map(commit => {
    const list = element('dl', '');
    for (const [name, value] of facts(commit, translate)) {
      const [term, text] = [element('dt', ''), element('dd', '')];
      [term.textContent, text.textContent] = [name, value];
      list.append(term, text);
    }
    return list;
  });
}

function facts(commit: Commit, translate: Translate): Array<[string, string]> {
  const all: Array<[string, string]> = [
    [translate('Commit'), `${commit.id}  #${commit.seq}`],
    [translate('Parents'), commit.parents.join(' ')],
    [translate('Author'), commit.author],
    [translate('Time'), `${when(commit.time)} UTC`],
    [translate('References'), commit.refs.join(', ')],
    [translate('Message'), commit.message]
  ];
  return all.filter(([, value]) => value !== '');
}
