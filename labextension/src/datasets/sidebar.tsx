import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import { addIcon, deleteIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { CommandIDs } from '../tokens';
import { Failure, Loading } from '../ui/errors';
import { datasetsIcon } from '../ui/icons';
import { useChanges } from '../ui/signals';
import { Bin } from './bin';
import { FirstSteps } from './firststeps';
import type { DatasetsModel } from './model';
import { Tree } from './treeview';

export interface SidebarProps {
  model: DatasetsModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Begin to drag a row into a notebook. */
  drag: (event: PointerEvent, dataset: string, table?: string) => void;
  retry: () => void;
}

/** The datasets, in Lab's left sidebar. */
export class Sidebar extends ReactWidget {
  constructor(private readonly props: SidebarProps) {
    super();
    this.id = 'jupyter-datasets-sidebar';
    this.addClass('jd-Sidebar');
    this.title.icon = datasetsIcon;
    this.title.caption = props.trans.__('Datasets');
    this.node.dataset.drop = props.trans.__('Add to Datasets');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', props.trans.__('Datasets'));
  }

  /** Give the focus to where people begin to type. */
  protected override onActivateRequest(): void {
    this.node.querySelector<HTMLElement>('input[type="search"]')?.focus();
  }

  protected override render(): JSX.Element {
    return <Content {...this.props} />;
  }
}

function Content(props: SidebarProps): JSX.Element {
  const { model, trans } = props;
  useChanges(model.changed);
  return (
    <>
      <Header {...props} />
      {model.error && <Failure error={model.error} trans={trans} retry={props.retry} />}
      {model.showsBin ? <Bin {...props} /> : <Found {...props} />}
    </>
  );
}

function Found(props: SidebarProps): JSX.Element {
  const { model, trans } = props;
  if (model.all === null) {
    return model.error ? <></> : <Loading trans={trans} />;
  }
  if (model.all.length === 0) {
    return <FirstSteps {...props} />;
  }
  if (model.found.length === 0) {
    return (
      <p className="jd-Sidebar-none" role="status">
        {trans.__('No dataset has these words in its name, labels or description.')}
      </p>
    );
  }
  return <Tree {...props} />;
}

function Header({ model, commands, trans }: SidebarProps): JSX.Element {
  return (
    <div className="jd-Sidebar-header">
      <div className="jd-Sidebar-title">
        <h2>{model.showsBin ? trans.__('Bin') : trans.__('Datasets')}</h2>
        <Tool
          label={trans.__('New dataset')}
          icon={addIcon}
          run={() => commands.execute(CommandIDs.create)}
        />
        <Tool
          label={trans.__('Refresh')}
          icon={refreshIcon}
          run={() => commands.execute(CommandIDs.refresh)}
        />
        <Tool
          label={trans.__('Bin')}
          icon={deleteIcon}
          pressed={model.showsBin}
          run={() => commands.execute(CommandIDs.showBin, { shown: !model.showsBin })}
        />
      </div>
      <input
        type="search"
        value={model.query}
        placeholder={trans.__('Search datasets')}
        aria-label={trans.__('Search datasets')}
        onChange={event => {
          model.query = event.target.value;
        }}
      />
    </div>
  );
}

function Tool(props: { label: string; icon: LabIcon; pressed?: boolean; run: () => unknown }): JSX.Element {
  return (
    <button
      type="button"
      className="jd-Tool"
      title={props.label}
      aria-label={props.label}
      aria-pressed={props.pressed}
      onClick={props.run}
    >
      <props.icon.react tag="span" />
    </button>
  );
}
