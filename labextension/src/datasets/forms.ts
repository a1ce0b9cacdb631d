import type { TranslationBundle } from '@jupyterlab/translation';

import type { Api, Dataset } from '../api';
import { ApiError, asApiError } from '../api';
import { ask } from '../ui/form';
import type { DatasetsModel } from './model';

interface Context {
  api: Api;
  datasets: DatasetsModel;
  trans: TranslationBundle;
}

/** Ask for a name, a description and labels, and make a dataset. */
export function create(context: Context): Promise<Dataset | null> {
  const { api, trans } = context;
  return ask({
    title: trans.__('New dataset'),
    accept: trans.__('Create'),
    trans,
    fields: [
      { name: 'name', label: trans.__('Name'), required: true },
      { name: 'description', label: trans.__('Description'), long: true },
      labelsField(trans, [])
    ],
    submit: ({ name, description, labels }) =>
      refreshed(context, api.datasets.create(name.trim(), description, split(labels)))
  });
}

export function rename(context: Context, dataset: Dataset): Promise<Dataset | null> {
  const { api, trans } = context;
  return ask({
    title: trans.__('Rename %1', dataset.name),
    accept: trans.__('Rename'),
    trans,
    fields: [{ name: 'name', label: trans.__('Name'), value: dataset.name, required: true }],
    submit: ({ name }) => refreshed(context, api.datasets.change(dataset.id, { name: name.trim() }))
  });
}

export function describe(context: Context, dataset: Dataset): Promise<Dataset | null> {
  const { api, trans } = context;
  return ask({
    title: trans.__('Describe %1', dataset.name),
    accept: trans.__('Save'),
    trans,
    fields: [{ name: 'description', label: trans.__('Description'), value: dataset.description, long: true }],
    submit: ({ description }) => refreshed(context, api.datasets.change(dataset.id, { description }))
  });
}

export function label(context: Context, dataset: Dataset): Promise<Dataset | null> {
  const { api, trans } = context;
  return ask({
    title: trans.__('Label %1', dataset.name),
    accept: trans.__('Save'),
    trans,
    fields: [labelsField(trans, dataset.labels)],
    submit: ({ labels }) => refreshed(context, api.datasets.change(dataset.id, { labels: split(labels) }))
  });
}

/** No question: it can be taken back. */
export function moveToBin(context: Context, dataset: Dataset): Promise<Dataset> {
  return refreshed(context, context.api.datasets.delete(dataset.id));
}

/** Take a dataset out of the bin; where its name is taken by now, ask for another. */
export async function restore(context: Context, dataset: Dataset): Promise<Dataset | null> {
  const { api, trans } = context;
  try {
    return await refreshed(context, api.datasets.restore(dataset.id));
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'dataset-exists') {
      throw asApiError(error);
    }
  }
  return ask({
    title: trans.__('Restore %1', dataset.name),
    text: trans.__('Another dataset has this name by now.'),
    accept: trans.__('Restore'),
    trans,
    fields: [{ name: 'name', label: trans.__('New name'), value: dataset.name, required: true }],
    submit: ({ name }) => refreshed(context, api.datasets.restore(dataset.id, name.trim()))
  });
}

function labelsField(trans: TranslationBundle, labels: string[]) {
  const hint = trans.__('Words to find it by, with commas between them.');
  return { name: 'labels', label: trans.__('Labels'), value: labels.join(', '), hint };
}

function split(labels: string): string[] {
  return labels
    .split(',')
    .map(text => text.trim())
    .filter(Boolean);
}

async function refreshed<T>({ datasets }: Context, work: Promise<T>): Promise<T> {
  const done = await work;
  await datasets.refresh().catch(() => undefined);
  return done;
}
