import { ReactWidget } from '@jupyterlab/apputils';
import { Signal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';
import * as React from 'react';

import type { Commit } from '../api';
import { HistoryView } from '../history';
import { CommandIDs } from '../tokens';
import { refName } from '../ui/format';
import { useChanges } from '../ui/signals';
import { Compare } from './compare';
import { Details } from './details';
import { Graph } from './graph';
import type { TabProps } from './tab';

/** The graph of commits; beside it the chosen one, or how two chosen ones differ. */
export class HistoryPanel extends Panel {
  private readonly graph = new Widget();
  private readonly choice = new Choice();
  private readonly source: Graph;
  private view: HistoryView | null = null;
  private shown = '';

  constructor(private readonly props: TabProps) {
    super();
    this.source = new Graph(props.model.api.versions, props.model.id, props.trans.__('History'));
    this.addClass('jd-HistoryPanel');
    this.graph.addClass('jd-HistoryPanel-graph');
    this.addWidget(this.graph);
    this.addWidget(new ChosenPanel(props, this.choice));
    props.model.changed.connect(this.onChanged, this);
  }

  override dispose(): void {
    this.view?.dispose();
    super.dispose();
  }

  protected override onAfterAttach(): void {
    this.onChanged();
  }

  protected override onAfterShow(): void {
    this.onChanged();
  }

  /** Commits never change: the graph is drawn anew when a reference has moved. */
  private onChanged(): void {
    const wanted = JSON.stringify(this.props.model.refs);
    if (!this.isVisible || !this.props.model.loaded || wanted === this.shown) {
      return;
    }
    this.shown = wanted;
    if (this.view) {
      this.view.refresh();
    } else {
      this.view = this.open();
    }
  }

  private open(): HistoryView {
    const { commands, model, trans } = this.props;
    const callbacks = {
      onSelect: (ids: readonly string[]) => this.choice.set(this.source.named(ids)),
      onOpen: (ref: string) => void commands.execute(CommandIDs.checkout, { dataset: model.id, ref })
    };
    const options = { translate: trans.__.bind(trans), details: false };
    return new HistoryView(this.graph.node, this.source, callbacks, options);
  }
}

/** The commits that are chosen. */
class Choice {
  readonly changed = new Signal<this, void>(this);
  commits: Commit[] = [];

  set(commits: Commit[]): void {
    this.commits = commits;
    this.changed.emit();
  }
}

class ChosenPanel extends ReactWidget {
  constructor(
    private readonly props: TabProps,
    private readonly choice: Choice
  ) {
    super();
    this.addClass('jd-HistoryPanel-chosen');
  }

  protected override render(): JSX.Element {
    return <Chosen {...this.props} choice={this.choice} />;
  }
}

function Chosen(props: TabProps & { choice: Choice }): JSX.Element {
  const { commands, model, trans } = props;
  useChanges(props.choice.changed);
  useChanges(model.changed);
  const [first, second] = props.choice.commits;
  const shown = refName(model.ref);
  const moves = [
    [CommandIDs.undo, trans.__('Undo on %1', shown)],
    [CommandIDs.redo, trans.__('Redo on %1', shown)]
  ];
  return (
    <>
      <div className="jd-Actions">
        {moves.map(([command, label]) => (
          <button
            key={command}
            type="button"
            className="jd-Button"
            disabled={!model.onBranch}
            title={commands.label(command)}
            onClick={() => commands.execute(command, { dataset: model.id, ref: model.ref })}
          >
            {label}
          </button>
        ))}
      </div>
      {second && <Compare {...props} pair={[first, second]} />}
      {first && !second && <Details {...props} commit={first} />}
      {!first && (
        <p className="jd-Meta">{trans.__('Choose a commit to see it; choose two to compare them.')}</p>
      )}
    </>
  );
}
