import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, Notification, WidgetTracker } from '@jupyterlab/apputils';
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
import { targetOf } from './target';

const READABLE = 8000; // ms

type Args = { readonly [name: string]: unknown };

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
    const target = (args: Args) => targetOf(app, args, () => session.datasets.target);
    const find = (dataset: string) => tracker.find(({ content }) => content.model.id === dataset);
    app.commands.addCommand(CommandIDs.open, {
      label: session.trans.__('Open Dataset'),
      icon: datasetsIcon,
      isEnabled: args => target(args) !== undefined,
      describedBy: takes('dataset', 'table', 'ref', 'view', 'title', 'target'),
      execute: async args => {
        const { dataset, table } = target(args)!;
        const view = VIEWS.find(each => each === args.view);
        const place = { ref: text(args, 'ref'), table, view };
        const widget =
          find(dataset) ?? (await add(app, session, tracker, dataset, place, text(args, 'title')));
        widget.content.model.choose(defined(place));
        app.shell.activateById(widget.id);
        return widget;
      }
    });
    addToPalette(palette, session.trans, [CommandIDs.open]);
    void restorer?.restore(tracker, {
      command: CommandIDs.open,
      args: ({ content: { model, title } }) => ({
        dataset: model.id,
        title: title.label,
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

function defined(place: Partial<Place>): Partial<Place> {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}

async function add(
  app: JupyterFrontEnd,
  session: Session,
  tracker: WidgetTracker<TabWidget>,
  dataset: string,
  place: Partial<Place>,
  title: string | undefined
): Promise<TabWidget> {
  const model = new VersionModel(session.api, dataset, { ref: MAIN, view: 'data', ...defined(place) });
  const refresh = () => model.refresh();
  const retry = () => void refresh().catch(() => undefined);
  const content = new DatasetTab(
    { model, commands: app.commands, trans: session.trans, settings: session.settings, retry },
    session.jobs
  );
  content.title.label = title ?? session.datasets.get(dataset)?.name ?? session.trans.__('Dataset');
  const widget = new MainAreaWidget({ content });
  widget.id = `${NAME}-tab-${dataset}`;
  widget.toolbar.hide();
  whileVisible(content, () => session.live.watch(widget.id, refresh));
  app.shell.add(widget, 'main');
  await tracker.add(widget);
  const save = () => void tracker.save(widget);
  model.chosen.connect(save);
  content.title.changed.connect(save);
  model.lost.connect((_, branch) => {
    const text = session.trans.__(
      'Branch %1 of %2 is gone; its tab shows %3 now.',
      branch,
      content.title.label,
      MAIN
    );
    Notification.info(text, { autoClose: READABLE });
  });
  return widget;
}
