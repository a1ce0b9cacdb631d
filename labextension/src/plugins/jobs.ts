import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { IStatusBar } from '@jupyterlab/statusbar';
import { stopIcon } from '@jupyterlab/ui-components';

import type { JobsProps } from '../jobs/jobsview';
import { seconds } from '../jobs/model';
import { notifyEnd } from '../jobs/notify';
import { JobsPanel } from '../jobs/panel';
import { RunningJobs } from '../jobs/running';
import { StatusItem } from '../jobs/statusitem';
import { CommandIDs, NAME } from '../tokens';
import { jobsIcon } from '../ui/icons';
import { takes, text } from './arguments';
import { addToPalette, focusReturned } from './palette';
import type { Session } from './session';
import { ISession } from './session';

export const jobs: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:jobs`,
  description: 'Shows jobs in a panel and in the status bar, and tells when they end.',
  autoStart: true,
  requires: [ISession],
  optional: [ILayoutRestorer, IStatusBar, IRunningSessionManagers, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    session: Session,
    restorer: ILayoutRestorer | null,
    statusBar: IStatusBar | null,
    running: IRunningSessionManagers | null,
    palette: ICommandPalette | null
  ) => {
    const { trans, jobs: model } = session;
    const retry = () => void model.refresh().catch(() => undefined);
    const props: JobsProps = { model, commands: app.commands, trans, retry };
    const panel = new JobsPanel(props);
    app.shell.add(panel, 'right', { rank: 600 });
    restorer?.add(panel, panel.id);
    addCommands(app, session, panel);
    addToPalette(palette, trans, [CommandIDs.showJobs, CommandIDs.cancelJob]);
    statusBar?.registerStatusItem(`${NAME}:jobs`, {
      item: new StatusItem(props),
      align: 'middle',
      isActive: () => model.active.length > 0,
      activeStateChanged: model.changed
    });
    running?.add(new RunningJobs(props));
    void app.restored.then(() => follow(app, session));
  }
};

/** Watch the jobs for as long as the page lives: closely while one runs. */
function follow(app: JupyterFrontEnd, { datasets, jobs: model, live, settings, trans }: Session): void {
  const watch = live.watch(`${NAME}:jobs`, () => model.refresh());
  model.changed.connect(() => {
    watch.follow(model.active.length > 0);
    app.commands.notifyCommandChanged(CommandIDs.cancelJob);
  });
  model.over.connect((_, job) => {
    if (job.dataset_id) {
      datasets.contents.forget(job.dataset_id);
    }
    datasets.refresh().catch(() => undefined);
    if (job.status !== 'succeeded' || seconds(job) >= settings.get('notifyAfterSeconds')) {
      notifyEnd(job, app.commands, trans);
    }
  });
}

function addCommands(app: JupyterFrontEnd, { jobs: model, trans }: Session, panel: JobsPanel): void {
  const find = (args: { readonly [name: string]: unknown }) =>
    text(args, 'job') ?? (model.active.length === 1 ? model.active[0].id : undefined);
  app.commands.addCommand(CommandIDs.showJobs, {
    label: trans.__('Show Dataset Jobs'),
    icon: jobsIcon,
    describedBy: takes(),
    execute: async () => {
      await focusReturned();
      app.shell.activateById(panel.id);
    }
  });
  app.commands.addCommand(CommandIDs.cancelJob, {
    label: trans.__('Cancel Dataset Job'),
    icon: stopIcon,
    isEnabled: args => find(args) !== undefined,
    describedBy: takes('job'),
    execute: async args => {
      const job = find(args);
      return job && model.cancel(job);
    }
  });
}
