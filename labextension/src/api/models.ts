/** What the server answers with; see services/<feature>/models.py. Times are microseconds UTC unless they are text. */

export interface Listing<T> {
  items: T[];
  cursor: string | null;
}

export interface Dataset {
  id: string;
  owner: string;
  name: string;
  description: string;
  labels: string[];
  default_table: string;
  created: number;
  updated: number;
  deleted: number | null;
}

export interface Commit {
  id: string;
  parents: string[];
  seq: number;
  author: string;
  time: number;
  message: string;
  refs: string[];
}

export interface RefInfo {
  name: string;
  kind: 'branch' | 'tag';
  commit: string | null;
}

export interface ColumnInfo {
  name: string;
  type: string;
  nullable: boolean;
}

export interface TableInfo {
  name: string;
  columns: ColumnInfo[];
  key: string[];
  rows: number;
  bytes: number;
}

export interface FileInfo {
  name: string;
  bytes: number;
  media_type: string;
}

export interface Version {
  dataset_id: string;
  commit: Commit;
  tables: TableInfo[];
  files: FileInfo[];
}

export interface TableDiff {
  kind: 'added' | 'removed' | 'changed' | 'renamed';
  old_name: string | null;
  new_name: string | null;
  old_rows: number;
  new_rows: number;
  columns: { kind: 'added' | 'removed' | 'changed'; old: ColumnInfo | null; new: ColumnInfo | null }[];
}

export interface VersionDiff {
  old: Commit;
  new: Commit;
  tables: TableDiff[];
  files: { kind: 'added' | 'removed' | 'changed'; name: string }[];
}

export interface TablePage {
  commit: string;
  columns: { name: string; type: string }[];
  rows: number;
  offset: number;
  cells: unknown[][];
}

export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'lost';

export interface Progress {
  stage: string;
  done: number;
  total: number | null;
  unit: 'rows' | 'bytes' | 'steps';
  rows: number;
  bytes: number;
  rate: number;
  seconds_left: number | null;
  messages: string[];
}

export interface Job {
  id: string;
  kind: string;
  dataset_id: string | null;
  title: string;
  status: JobStatus;
  params: Record<string, unknown>;
  progress: Progress;
  result: { commit?: string | null; table?: string; rows?: number; warnings?: string[] } | null;
  error: { kind: string; message: string; next_step: string } | null;
  cancel_requested: boolean;
  created: string;
  started: string | null;
  finished: string | null;
}

/** How to read a text file; what is left out is found out from the file. */
export interface Reading {
  encoding?: string;
  delimiter?: string;
  decimal?: ',';
  header?: boolean;
}

export interface NewImport {
  /** Id or name. */
  dataset: string;
  /** Make the dataset if there is none of that name. */
  create: boolean;
  source: { contents: string };
  table?: string;
  mode?: 'replace' | 'append';
  key?: string[];
  options?: Reading;
  message?: string;
}
