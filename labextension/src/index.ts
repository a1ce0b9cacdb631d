import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { datasets } from './plugins/datasets';
import { filebrowser } from './plugins/filebrowser';
import { history } from './plugins/history';
import { jobs } from './plugins/jobs';
import { launcher } from './plugins/launcher';
import { notebook } from './plugins/notebook';
import { session } from './plugins/session';
import { settings } from './plugins/settings';
import { sidebar } from './plugins/sidebar';
import { tabs } from './plugins/tabs';
import { widgets } from './plugins/widgets';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  session,
  settings,
  tabs,
  sidebar,
  datasets,
  history,
  jobs,
  filebrowser,
  notebook,
  launcher,
  widgets
];

export default plugins;
