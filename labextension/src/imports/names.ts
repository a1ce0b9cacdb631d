const DATA = /\.(csv|tsv|txt|parquet)(\.(gz|zst|zip))?$/i;

/** Whether a file's name says that it can be imported. */
export function importable(path: string): boolean {
  return DATA.test(path);
}

const TEXT = /\.(csv|tsv|txt)(\.(gz|zst|zip))?$/i;

/** Whether a file's name says that it holds text, which can be read in several ways. */
export function isText(path: string): boolean {
  return TEXT.test(path);
}

const LONGEST = 100;

/** A valid name for what is made of a file: its own, repaired as the server repairs it. */
export function stem(file: string): string {
  const bare = file.replace(DATA, '').normalize('NFC');
  const mended = bare.replace(/[^\p{L}\p{M}\p{N}_\- ]/gu, '_').replace(/_+/g, '_');
  const name = mended.replace(/^[_ ]+|[_ ]+$/g, '') || 'table';
  return (/^\p{L}/u.test(name) ? name : `_${name}`).slice(0, LONGEST).trim();
}
