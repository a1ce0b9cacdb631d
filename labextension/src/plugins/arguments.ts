/** Argument schemas of the commands, and how to read what came by them. */

type Properties = Record<string, { type: string; description: string }>;

const KNOWN = {
  dataset: 'Id of the dataset; by default the one that is selected.',
  table: 'Name of a table.',
  ref: 'Branch, tag or commit.',
  title: 'What the tab is called until the name of the dataset is known.',
  view: 'Which view is shown: data, history, files or jobs.',
  target: 'With "row": the row of the sidebar on which the context menu was opened.',
  path: 'Path of a file in the file browser; by default the selected one.',
  job: 'Id of the job.',
  name: 'Name of what is made.'
};

/** `describedBy` of a command that takes these arguments. */
export function takes(...names: (keyof typeof KNOWN)[]) {
  const properties: Properties = {};
  names.forEach(name => (properties[name] = { type: 'string', description: KNOWN[name] }));
  return { args: { type: 'object', properties } };
}

/** An argument, if it was given and is text. */
export function text(args: { readonly [name: string]: unknown }, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' && value ? value : undefined;
}
