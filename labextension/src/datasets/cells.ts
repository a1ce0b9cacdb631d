import type { ICell } from '@jupyterlab/nbformat';

const SIMPLE = /^[a-z_][a-z0-9_]*$/i;
const LOAD = '%load_ext jupyter_datasets';
const FEW = 100;

export interface Source {
  dataset: string;
  table?: string;
  defaultTable?: string;
  ref?: string;
}

/** Cells that query a table; one that loads the extension comes first where a notebook has none. */
export function cells(source: Source, loaded: boolean): ICell[] {
  const query = codeCell(`%%sql\nSELECT * FROM ${relation(source)} LIMIT ${FEW}`);
  return loaded ? [query] : [codeCell(LOAD), query];
}

/** Whether a cell of a notebook loads the extension. */
export function loads(text: string): boolean {
  return text.includes(LOAD);
}

function relation({ dataset, table, defaultTable, ref }: Source): string {
  const bare = table === undefined || table === defaultTable;
  const name = bare ? quoted(dataset) : `${quoted(dataset)}.${quoted(table)}`;
  return ref === undefined || ref === 'main' ? name : `${name} AT (VERSION => '${ref.replace(/'/g, "''")}')`;
}

/** Words of SQL are quoted as well: quoting never hurts. */
function quoted(name: string): string {
  return SIMPLE.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `"${name.replace(/"/g, '""')}"`;
}

const RESERVED = new Set(
  (
    'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default ' +
    'deferrable desc describe distinct do else end except false fetch for foreign from glob group having in initially ' +
    'intersect into is join lambda lateral leading left like limit natural not null offset on only or order outer pivot ' +
    'placing positional primary qualify references returning right select show similar some summarize symmetric table ' +
    'then to trailing true union unique unpivot using variadic when where window with'
  ).split(' ')
);

function codeCell(source: string): ICell {
  return { cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null };
}
