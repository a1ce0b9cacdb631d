import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';

import { Api } from '../api';
import { Live } from '../api/live';
import { DatasetsModel } from '../datasets/model';
import { JobsModel } from '../jobs/model';
import { NAME, VERSION } from '../tokens';
import { Settings } from '../ui/settings';

/** What the plugins share: the server's API, and what is known of it. */
export interface Session {
  api: Api;
  live: Live;
  datasets: DatasetsModel;
  jobs: JobsModel;
  settings: Settings;
  trans: TranslationBundle;
}

export const ISession = new Token<Session>(`${NAME}:ISession`, 'The datasets and jobs that this page knows.');

export const session: JupyterFrontEndPlugin<Session> = {
  id: `${NAME}:session`,
  description: 'Knows the datasets and jobs of the server.',
  autoStart: true,
  provides: ISession,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null): Session => {
    const { serverSettings, events } = app.serviceManager;
    const api = new Api(serverSettings);
    const live = new Live(events);
    app.serviceManager.connectionFailure.connect(() => live.lookAll());
    const datasets = new DatasetsModel(api);
    live.datasetChanged.connect((_, dataset) => datasets.contents.forget(dataset));
    const trans = (translator ?? nullTranslator).load(NAME.replace('-', '_'));
    void app.restored.then(() => compareVersions(api, trans));
    return { api, live, datasets, jobs: new JobsModel(api), settings: new Settings(), trans };
  }
};

/** Warn when the server was updated and the page was not, or the other way round; both keep working. */
async function compareVersions(api: Api, trans: TranslationBundle): Promise<void> {
  const version = await api.version().catch(() => VERSION);
  if (version !== VERSION) {
    const text = trans.__('Datasets: the server has version %1, this page %2.', version, VERSION);
    Notification.warning(`${text} ${trans.__('Start the server again and reload the page.')}`);
  }
}
