import type { View } from '../tokens';

/** Ids by which a view and the button that shows it name each other. */
export function tabId(dataset: string, view: View): string {
  return `jupyter-datasets-tab-${view}-${dataset}`;
}

export function panelId(dataset: string, view: View): string {
  return `jupyter-datasets-panel-${view}-${dataset}`;
}
