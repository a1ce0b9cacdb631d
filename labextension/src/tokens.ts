/** The name of the package, which starts every id. */
export const NAME = 'jupyter-datasets';

/** The version of the package, which the server's should be. */
export const VERSION = '0.1.0';

export const CommandIDs = {
  show: `${NAME}:show`,
  showBin: `${NAME}:show-bin`,
  refresh: `${NAME}:refresh`,
  create: `${NAME}:create`,
  open: `${NAME}:open`,
  rename: `${NAME}:rename`,
  describe: `${NAME}:describe`,
  label: `${NAME}:label`,
  delete: `${NAME}:delete`,
  restore: `${NAME}:restore`,
  add: `${NAME}:add-file`,
  insertCell: `${NAME}:insert-cell`,
  branch: `${NAME}:create-branch`,
  tag: `${NAME}:create-tag`,
  checkout: `${NAME}:checkout`,
  undo: `${NAME}:undo`,
  redo: `${NAME}:redo`,
  showJobs: `${NAME}:show-jobs`,
  cancelJob: `${NAME}:cancel-job`
} as const;

/** What the views of a dataset's tab are called. */
export const VIEWS = ['data', 'history', 'files', 'jobs'] as const;
export type View = (typeof VIEWS)[number];
