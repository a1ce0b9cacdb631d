import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { Token } from '@lumino/coreutils';

import { CommandIDs, NAME, VIEWS } from '../tokens';
import { datasetsIcon } from '../ui/icons';
import { whileVisible } from '../ui/signals';
import { MAIN, VersionModel } from '../versions/model';
import { DatasetTab } from '../versions/tab';
import { takes, text } from './arguments';
import { addToPalette } from './palette';
import type { Session } from './session';
import { ISession } from './session';

const EVERY = 4000; // ms

/** The open tabs. */
export interface Tabs {
  readonly current: DatasetTab | null;
  find(dataset: string): DatasetTab | undefined;
}

export const ITabs = new Token<Tabs>(`${NAME}:ITabs`, 'The open tabs of datasets.');

type Place = ConstructorParameters<typeof VersionModel>[2];
type TabWidget = MainAreaWidget<DatasetTab>;

export const tabs: JupyterFrontEndPlugin<Tabs> = {
  id: `${NAME}:tabs`,
  description: 'Shows datasets in tabs, which come back after a reload.',
  autoStart: true,
  provides: ITabs,
  requires: [ISession],
  optional: [ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    session: Session,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ): Tabs => {
    const tracker = new WidgetTracker<TabWidget>({ namespace: NAME });
    const find = (dataset: string) => tracker.find(({ content }) => content.model.id === dataset);
    app.commands.addCommand(CommandIDs.open, {
      label: session.trans.__('Open Dataset'),
      icon: datasetsIcon,
      isEnabled: args => target(args, session) !== undefined,
      describedBy: takes('dataset', 'table', 'ref', 'view'),
      execute: async args => {
        const { dataset, place } = target(args, session)!;
        const widget = find(dataset) ?? (await add(app, session, tracker, dataset, place));
        widget.content.model.choose(defined(place));
        app.shell.activateById(widget.id);
        return widget;
      }
    });
    addToPalette(palette, session.trans, [CommandIDs.open]);
    void restorer?.restore(tracker, {
      command: CommandIDs.open,
      args: ({ content: { model } }) => ({
        dataset: model.id,
        table: model.table ?? '',
        ref: model.ref,
        view: model.view
      }),
      name: ({ content }) => content.model.id
    });
    return {
      get current() {
        return app.shell.currentWidget === tracker.currentWidget
          ? (tracker.currentWidget?.content ?? null)
          : null;
      },
      find: dataset => find(dataset)?.content
    };
  }
};

function target(args: { readonly [name: string]: unknown }, { datasets }: Session) {
  const dataset = text(args, 'dataset') ?? datasets.target?.dataset;
  const view = VIEWS.find(each => each === args.view);
  const table = text(args, 'table') ?? (args.dataset ? undefined : datasets.target?.table);
  return dataset === undefined ? undefined : { dataset, place: { ref: text(args, 'ref'), table, view } };
}

function defined(place: Partial<Place>): Partial<Place> {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}

async function add(
  app: JupyterFrontEnd,
  session: Session,
  tracker: WidgetTracker<TabWidget>,
  dataset: string,
  place: Partial<Place>
): Promise<TabWidget> {
  const model = new VersionModel(session.api, dataset, { ref: MAIN, view: 'data', ...defined(place) });
  const refresh = () => model.refresh();
  const retry = () => void refresh().catch(() => undefined);
  const content = new DatasetTab(
    { model, commands: app.commands, trans: session.trans, retry },
    session.jobs
  );
  const widget = new MainAreaWidget({ content });
  widget.id = `${NAME}-tab-${dataset}`;
  widget.toolbar.hide();
  whileVisible(content, () => session.live.watch(widget.id, refresh, EVERY));
  app.shell.add(widget, 'main');
  await tracker.add(widget);
  model.chosen.connect(() => void tracker.save(widget));
  return widget;
}
