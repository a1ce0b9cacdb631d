import type { TranslationBundle } from '@jupyterlab/translation';

import type { Api, Dataset, Job, NewImport } from '../api';
import type { DatasetsModel } from '../datasets/model';
import type { Field, Values } from '../ui/form';
import { ask } from '../ui/form';
import type { JobsModel } from '../jobs/model';
import { isText, stem } from './names';
import { readingFields, readingOf } from './reading';

interface Context {
  api: Api;
  datasets: DatasetsModel;
  jobs: JobsModel;
  trans: TranslationBundle;
}

/** Ask what a file of the file browser is to become, and start its import. */
export async function addFile(context: Context, path: string): Promise<Job | null> {
  const { datasets, trans } = context;
  await datasets.refresh().catch(() => undefined);
  const file = path.split('/').pop() ?? path;
  return ask({
    title: trans.__('Add %1 to datasets', file),
    accept: trans.__('Add'),
    fields: fields(context, file),
    trans,
    submit: values => start(context, path, values)
  });
}

function fields({ datasets, trans }: Context, file: string): Field[] {
  const name = stem(file);
  return [
    {
      name: 'dataset',
      label: trans.__('Dataset'),
      value: name,
      required: true,
      suggestions: (datasets.all ?? []).map(dataset => dataset.name),
      hint: ({ dataset }) =>
        datasets.named(dataset)
          ? trans.__('Exists: the file becomes its next version.')
          : trans.__('A new dataset is made.')
    },
    { name: 'table', label: trans.__('Table'), value: name, required: true },
    {
      name: 'mode',
      label: trans.__('If the table exists'),
      value: 'replace',
      choices: [
        ['replace', trans.__('The file replaces its rows')],
        ['append', trans.__('The rows of the file are appended')]
      ]
    },
    {
      name: 'key',
      label: trans.__('Key columns'),
      hint: trans.__('Columns that tell rows apart, with commas between them. May be empty.')
    },
    {
      name: 'message',
      label: trans.__('Message'),
      hint: trans.__('What this version is about. May be empty.')
    },
    ...(isText(file) ? readingFields(trans) : [])
  ];
}

async function start(context: Context, path: string, values: Values): Promise<Job> {
  const { api, datasets, jobs } = context;
  const known = datasets.named(values.dataset);
  const job = await api.jobs.start(request(known, path, values));
  jobs.follow(job);
  await datasets.refresh().catch(() => undefined);
  return job;
}

/** A dataset that is made for the import goes into the bin if nothing comes into it. */
function request(known: Dataset | undefined, path: string, values: Values): NewImport {
  return {
    dataset: known?.id ?? values.dataset.trim(),
    create: !known,
    source: { contents: path },
    table: values.table.trim(),
    mode: values.mode as 'replace' | 'append',
    key: values.key
      .split(',')
      .map(column => column.trim())
      .filter(Boolean),
    options: readingOf(values),
    message: values.message.trim()
  };
}
