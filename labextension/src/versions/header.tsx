import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { View } from '../tokens';
import { CommandIDs, VIEWS } from '../tokens';
import { Failure } from '../ui/errors';
import { useChanges } from '../ui/signals';
import { panelId, tabId } from './ids';
import { RefPicker } from './refpicker';
import type { TabProps } from './tab';

/** Name, description, reference and views of a dataset. */
export class TabHeader extends ReactWidget {
  constructor(private readonly props: TabProps) {
    super();
    this.addClass('jd-TabHeader');
  }

  protected override render(): JSX.Element {
    return <Header {...this.props} />;
  }
}

function Header(props: TabProps): JSX.Element {
  const { model, commands, trans } = props;
  useChanges(model.changed);
  return (
    <>
      <div className="jd-TabHeader-line">
        <h2>
          <bdi>{model.dataset?.name}</bdi>
        </h2>
        <RefPicker {...props} />
        <button
          type="button"
          className="jd-Button"
          onClick={() =>
            commands.execute(CommandIDs.insertCell, { dataset: model.id, table: model.table, ref: model.ref })
          }
        >
          {trans.__('Query in notebook')}
        </button>
      </div>
      {model.dataset?.description && <p className="jd-TabHeader-about">{model.dataset.description}</p>}
      {model.error && <Failure error={model.error} trans={trans} retry={props.retry} />}
      <Tabs {...props} />
    </>
  );
}

function Tabs({ model, trans }: TabProps): JSX.Element {
  const list = React.useRef<HTMLDivElement>(null);
  const show = (index: number) => {
    const view = VIEWS[(index + VIEWS.length) % VIEWS.length];
    model.choose({ view });
    list.current?.querySelector<HTMLElement>(`[data-view="${view}"]`)?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const at = VIEWS.indexOf(model.view);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: VIEWS.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      show(to);
    }
  };
  return (
    <div ref={list} role="tablist" className="jd-Views" aria-label={trans.__('Views')} onKeyDown={onKeyDown}>
      {VIEWS.map(view => (
        <button
          key={view}
          type="button"
          role="tab"
          id={tabId(model.id, view)}
          data-view={view}
          aria-controls={panelId(model.id, view)}
          aria-selected={view === model.view}
          tabIndex={view === model.view ? 0 : -1}
          onClick={() => model.choose({ view })}
        >
          {viewName(view, trans)}
        </button>
      ))}
    </div>
  );
}

function viewName(view: View, trans: TranslationBundle): string {
  const names: Record<View, string> = {
    data: trans.__('Data'),
    history: trans.__('History'),
    files: trans.__('Files'),
    jobs: trans.__('Jobs')
  };
  return names[view];
}
