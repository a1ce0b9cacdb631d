/** Cells as text with tabs, and onto the clipboard. */

import { textOf, type Area, type CellValue, type GridSource } from './model';

/** How many cells are copied at most. */
export const MOST_COPIED = 100_000;

const ROWS = 256;
const COLUMNS = 64;

type Lines = Array<Array<CellValue>>;

/** The whole texts of an area. */
export async function read(source: GridSource, area: Area, signal: AbortSignal): Promise<Lines> {
  const lines: Lines = [];
  for (let offset = area.firstRow; offset < area.endRow; offset += ROWS) {
    lines.push(...(await readRows(source, area, offset, signal)));
  }
  return lines;
}

async function readRows(source: GridSource, area: Area, offset: number, signal: AbortSignal): Promise<Lines> {
  const limit = Math.min(ROWS, area.endRow - offset);
  const lines: Lines = Array.from({ length: limit }, () => []);
  for (let firstColumn = area.firstColumn; firstColumn < area.endColumn; firstColumn += COLUMNS) {
    const columnCount = Math.min(COLUMNS, area.endColumn - firstColumn);
    const page = await source.page({ offset, limit, firstColumn, columnCount, whole: true }, signal);
    signal.throwIfAborted();
    page.rows.forEach((row, index) => lines[index]?.push(...row));
  }
  return lines;
}

/** Lines of cells as spreadsheets take them; a cell without value is empty. */
export function toTsv(lines: Lines): string {
  return lines.map(line => line.map(quoted).join('\t')).join('\n');
}

function quoted(value: CellValue): string {
  const text = textOf(value);
  return text !== null && /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : (text ?? '');
}

export async function write(text: string, near: HTMLElement): Promise<void> {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
  } else {
    writeByCommand(text, near);
  }
}

/** Browsers keep the clipboard from pages that came over plain HTTP, but not the old command. */
function writeByCommand(text: string, near: HTMLElement): void {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'jd-offscreen';
  near.append(area);
  const before = (near.getRootNode() as Document | ShadowRoot).activeElement;
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) {
    before.focus({ preventScroll: true });
  }
  if (!copied) {
    throw new Error('The browser does not let this page use the clipboard.');
  }
}
