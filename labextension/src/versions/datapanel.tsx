import { ReactWidget } from '@jupyterlab/apputils';
import { Panel, Widget } from '@lumino/widgets';
import * as React from 'react';

import { DataGrid } from '../grid';
import { Loading } from '../ui/errors';
import { bytes, count } from '../ui/format';
import { useChanges } from '../ui/signals';
import { pages } from './pages';
import type { TabProps } from './tab';

const ROW_HEIGHTS = { compact: 18, normal: 24, comfortable: 32 }; // pixels

/** The rows of a table at the tab's reference. */
export class DataPanel extends Panel {
  private readonly host = new Widget();
  private grid: DataGrid | null = null;
  private shown = '';

  constructor(private readonly props: TabProps) {
    super();
    this.addClass('jd-DataPanel');
    this.host.addClass('jd-DataPanel-grid');
    this.addWidget(new Toolbar(props));
    this.addWidget(this.host);
    props.model.changed.connect(this.onChanged, this);
    props.settings.changed.connect(this.onSettings, this);
  }

  override dispose(): void {
    this.props.settings.changed.disconnect(this.onSettings, this);
    this.drop();
    super.dispose();
  }

  protected override onAfterAttach(): void {
    this.onChanged();
  }

  /** Commits never change, so a grid is made anew only for another commit or table. */
  private onChanged(): void {
    const { model, trans } = this.props;
    const { version, table } = model;
    const wanted = version && table ? JSON.stringify([version.commit.id, table]) : '';
    if (wanted === this.shown || !this.isAttached) {
      return;
    }
    this.drop();
    this.shown = wanted;
    if (version && table) {
      const source = pages(model.api.versions, version, table);
      const rowHeight = ROW_HEIGHTS[this.props.settings.get('rowHeight')];
      this.grid = new DataGrid(this.host.node, source, { translate: trans.__.bind(trans), rowHeight });
    }
  }

  private onSettings(): void {
    if (this.grid) {
      this.grid.rowHeight = ROW_HEIGHTS[this.props.settings.get('rowHeight')];
    }
  }

  private drop(): void {
    this.grid?.dispose();
    this.grid = null;
    this.host.node.replaceChildren();
  }
}

class Toolbar extends ReactWidget {
  constructor(private readonly props: TabProps) {
    super();
    this.addClass('jd-DataPanel-toolbar');
  }

  protected override render(): JSX.Element {
    return <TablePicker {...this.props} />;
  }
}

function TablePicker({ model, commands, trans }: TabProps): JSX.Element {
  useChanges(model.changed);
  const id = React.useId();
  if (!model.loaded) {
    return model.error ? <></> : <Loading trans={trans} />;
  }
  const table = model.version?.tables.find(each => each.name === model.table);
  if (!model.version || !table) {
    return (
      <div className="jd-Empty" role="status">
        <p>{trans.__('This version holds no table yet.')}</p>
        <p>
          {trans.__('Right-click a CSV or Parquet file in the file browser and choose "Add to datasets".')}
        </p>
        <button type="button" className="jd-Button" onClick={() => commands.execute('filebrowser:activate')}>
          {trans.__('Show the file browser')}
        </button>
      </div>
    );
  }
  return (
    <>
      <label htmlFor={id}>{trans.__('Table')}</label>
      <select id={id} value={table.name} onChange={event => model.choose({ table: event.target.value })}>
        {model.version.tables.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <span className="jd-Meta">
        {trans._n('%2 row', '%2 rows', table.rows, count(table.rows))} ·{' '}
        {trans._n('%1 column', '%1 columns', table.columns.length)} · {bytes(table.bytes)}
        {table.key.length > 0 && ` · ${trans.__('key: %1', table.key.join(', '))}`}
      </span>
    </>
  );
}
