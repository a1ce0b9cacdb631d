/** What can be done with the selected commits. */

import type { Translate } from '../grid/model';
import { short, type Commit } from './model';

export type ActionName =
  'branch' | 'tag' | 'checkout' | 'compare' | 'revert' | 'cherry-pick' | 'undo' | 'copy' | 'reload';

/** What an action has to be told before it begins. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly placeholder?: string;
  readonly required?: boolean;
  /** Values to choose from, and what they are called. */
  readonly options?: ReadonlyArray<readonly [string, string]>;
}

export interface Question {
  readonly title: string;
  readonly fields: readonly Field[];
  /** What the button says that begins it. */
  readonly go: string;
}

export interface Action {
  readonly name: ActionName;
  readonly label: string;
  /** Pressed in the list. */
  readonly key: string;
  readonly enabled: boolean;
  /** Asked before; null where nothing has to be. */
  readonly question: Question | null;
  /** What is sent with the answers. */
  readonly body: object;
}

/** All actions, for what is selected and checked out. */
export function actionsFor(commits: readonly Commit[], current: string, t: Translate): readonly Action[] {
  const one = commits.length === 1 ? commits[0] : undefined;
  const at = one ? short(one.id) : '';
  const on = { commit: one?.id ?? '' };
  const make = (
    name: ActionName,
    key: string,
    label: string,
    question: Question | null,
    body: object = on
  ): Action => ({
    name,
    key,
    label,
    enabled: one !== undefined,
    question,
    body
  });
  return [
    make('branch', 'b', t('New branch'), named(t('New branch at %1', at), t('Create branch'), t)),
    make('tag', 't', t('New tag'), named(t('New tag at %1', at), t('Create tag'), t)),
    { ...make('checkout', 'c', t('Check out'), checkout(one, t)), body: { ref: one?.id ?? '' } },
    comparison(commits, current, t),
    make('revert', 'r', t('Revert'), repeat(t('Revert %1 on %2', at, current), t('Revert'), t)),
    make(
      'cherry-pick',
      'p',
      t('Cherry-pick'),
      repeat(t('Cherry-pick %1 onto %2', at, current), t('Cherry-pick'), t)
    ),
    { ...make('undo', 'z', t('Undo last move'), undo(current, t), {}), enabled: true },
    make('copy', 'y', t('Copy id'), null),
    { ...make('reload', 'l', t('Reload'), null, {}), enabled: true }
  ];
}

function comparison(commits: readonly Commit[], current: string, t: Translate): Action {
  const isCurrent = commits[0]?.refs.includes(current) ?? false;
  const other = isCurrent ? t('Compare with parent') : t('Compare with %1', current);
  return {
    name: 'compare',
    key: 'd',
    label: commits.length === 2 ? t('Compare the two') : other,
    enabled:
      commits.length > 0 && (commits.length === 2 || !isCurrent || (commits[0]?.parents.length ?? 0) > 0),
    question: null,
    body: { commits: commits.map(({ id }) => id) }
  };
}

function named(title: string, go: string, t: Translate): Question {
  return { title, go, fields: [{ name: 'name', label: t('Name'), required: true }] };
}

function repeat(title: string, go: string, t: Translate): Question {
  return {
    title,
    go,
    fields: [{ name: 'message', label: t('Message'), placeholder: t('one is made up if empty') }]
  };
}

function undo(current: string, t: Translate): Question {
  return { title: t('Take back the last move of %1', current), go: t('Undo'), fields: [] };
}

/** A commit with branches or tags is checked out by one of them, or by itself. */
function checkout(commit: Commit | undefined, t: Translate): Question | null {
  if (!commit || commit.refs.length === 0) {
    return null;
  }
  const options = [
    ...commit.refs.map(name => [name, name] as const),
    [commit.id, t('commit %1 itself', short(commit.id))] as const
  ];
  return { title: t('Check out'), go: t('Check out'), fields: [{ name: 'ref', label: t('What'), options }] };
}
