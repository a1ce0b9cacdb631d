import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { NAME } from '../tokens';
import type { Preferences } from '../ui/settings';
import type { Session } from './session';
import { ISession } from './session';

const ID = `${NAME}:settings`; // as the schema's file is called

export const settings: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Takes over what is set in the settings editor.',
  autoStart: true,
  requires: [ISession],
  optional: [ISettingRegistry],
  activate: async (_: JupyterFrontEnd, session: Session, registry: ISettingRegistry | null) => {
    const { live, settings } = session;
    settings.changed.connect(() => (live.pause = settings.get('pollSeconds') * 1000));
    const take = ({ composite }: ISettingRegistry.ISettings) =>
      settings.set(composite as unknown as Preferences);
    const loaded = await registry?.load(ID);
    loaded?.changed.connect(take);
    if (loaded) {
      take(loaded);
    }
  }
};
