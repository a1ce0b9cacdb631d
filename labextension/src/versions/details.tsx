import * as React from 'react';

import type { Commit } from '../api';
import { CommandIDs } from '../tokens';
import { ago, moment, short } from '../ui/format';
import type { TabProps } from './tab';

/** One commit, and what can be done from it. */
export function Details({ commit, ...props }: TabProps & { commit: Commit }): JSX.Element {
  const { model, trans } = props;
  const refs = model.refs.filter(ref => ref.commit === commit.id);
  return (
    <section className="jd-Details" aria-label={trans.__('Commit %1', short(commit.id))}>
      <h3>
        <bdi>{commit.message}</bdi>
      </h3>
      <dl>
        <dt>{trans.__('Commit')}</dt>
        <dd>
          <code title={commit.id}>{short(commit.id)}</code> #{commit.seq}
        </dd>
        <dt>{trans.__('Author')}</dt>
        <dd>
          <bdi>{commit.author}</bdi>
        </dd>
        <dt>{trans.__('Time')}</dt>
        <dd title={moment(commit.time)}>{ago(commit.time)}</dd>
        <dt>{trans.__('Parents')}</dt>
        <dd>{commit.parents.map(short).join(', ') || trans.__('none')}</dd>
        {refs.length > 0 && (
          <>
            <dt>{trans.__('Points here')}</dt>
            <dd>
              {refs.map(({ name }) => (
                <bdi key={name} className="jd-Label">
                  {name}
                </bdi>
              ))}
            </dd>
          </>
        )}
      </dl>
      <Actions commit={commit} {...props} />
    </section>
  );
}

function Actions({ commit, model, commands, trans }: TabProps & { commit: Commit }): JSX.Element {
  const actions: [string, string][] = [
    [CommandIDs.checkout, trans.__('Show this version')],
    [CommandIDs.branch, trans.__('Create branch…')],
    [CommandIDs.tag, trans.__('Create tag…')]
  ];
  return (
    <div className="jd-Actions">
      {actions.map(([command, label]) => (
        <button
          key={command}
          type="button"
          className="jd-Button"
          onClick={() => commands.execute(command, { dataset: model.id, ref: commit.id })}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
