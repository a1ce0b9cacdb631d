import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { Panel, Widget } from '@lumino/widgets';

import type { JobsModel } from '../jobs/model';
import { JobsPanel } from '../jobs/panel';
import type { View } from '../tokens';
import { VIEWS } from '../tokens';
import { datasetsIcon } from '../ui/icons';
import type { Settings } from '../ui/settings';
import { DataPanel } from './datapanel';
import { FilesPanel } from './filespanel';
import { TabHeader } from './header';
import { HistoryPanel } from './historypanel';
import { panelId, tabId } from './ids';
import type { VersionModel } from './model';

export interface TabProps {
  model: VersionModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  settings: Settings;
  retry: () => void;
}

/** A dataset in Lab's main area: a header, and below it one of the views. */
export class DatasetTab extends Panel {
  readonly model: VersionModel;
  private readonly views: Record<View, Widget>;

  constructor(props: TabProps, jobs: JobsModel) {
    super();
    this.model = props.model;
    this.addClass('jd-Tab');
    this.title.icon = datasetsIcon;
    this.title.closable = true;
    this.views = {
      data: new DataPanel(props),
      history: new HistoryPanel(props),
      files: new FilesPanel(props),
      jobs: new JobsPanel({ ...props, model: jobs, dataset: props.model.id })
    };
    this.addWidget(new TabHeader(props));
    this.addWidget(this.body());
    props.model.changed.connect(this.onChanged, this);
    this.onChanged();
  }

  /** Styles lay the views out, not a layout of Lumino's: the header's height changes without a word to the widgets. */
  private body(): Widget {
    const body = new Panel();
    body.addClass('jd-Tab-views');
    for (const view of VIEWS) {
      const widget = this.views[view];
      widget.id = panelId(this.model.id, view);
      widget.node.setAttribute('role', 'tabpanel');
      widget.node.setAttribute('aria-labelledby', tabId(this.model.id, view));
      body.addWidget(widget);
    }
    return body;
  }

  private onChanged(): void {
    const { dataset, ref, view } = this.model;
    if (dataset) {
      this.title.label = dataset.name;
      this.title.caption = `${dataset.name} @ ${ref}`;
    }
    VIEWS.forEach(each => this.views[each].setHidden(each !== view));
  }
}
