/** The elements of the cells in sight. An element stays with its cell while that is in sight, so focus stays, too. */

import type { Columns } from './columns';
import { element } from './dom';
import type { Area, Cell, CellValue, Change, RowMark } from './model';
import { contains } from './selection';
import { HEADER_HEIGHT } from './style';

/** More is not painted of a text; it is copied whole. */
const LONGEST = 300;

/** What is in sight, and where. */
export interface Sight extends Area {
  readonly top: number;
  readonly left: number;
  readonly gutter: number;
  readonly rowHeight: number;
}

export interface Content {
  cell(row: number, column: number): CellValue | undefined;
  /** How a row is marked; undefined where nothing tells. */
  mark(row: number): RowMark | undefined;
  readonly columns: Columns;
  readonly selected: Area;
  readonly active: Cell;
}

/** What a mark looks like to those who see no colours. */
const SIGNS: Record<RowMark, string> = { added: '+ ', removed: '− ', changed: '~ ' };

class CellView {
  readonly node = element('div', 'jd-grid-cell', { role: 'gridcell' });
  column = -1;

  /** Show a value; the element is touched only where something changed. */
  show(value: CellValue | undefined, right: boolean): void {
    if (value === this.value && right === this.right) {
      return;
    }
    this.value = value;
    this.right = right;
    if (isChange(value)) {
      this.node.replaceChildren(part('del', value.before), ' → ', part('ins', value.after));
    } else {
      this.node.textContent = painted(value ?? (value === null ? null : ''));
    }
    this.node.classList.toggle('jd-grid-null', value === null);
    this.node.classList.toggle('jd-grid-change', isChange(value));
    this.node.classList.toggle('jd-grid-waiting', value === undefined);
    this.node.classList.toggle('jd-grid-right', right);
  }

  mark(selected: boolean, active: boolean): void {
    this.node.classList.toggle('jd-grid-selected', selected);
    this.node.classList.toggle('jd-grid-active', active);
    this.node.setAttribute('aria-selected', String(selected));
    this.node.tabIndex = active ? 0 : -1;
  }

  private value: CellValue | undefined | false = false;
  private right = false;
}

class RowView {
  readonly node = element('div', 'jd-grid-row', { role: 'row' });
  readonly number = element('div', 'jd-grid-number', { role: 'rowheader', 'aria-colindex': '1' });
  readonly cells: CellView[] = [];
  row = -1;
  private mark: RowMark | undefined;

  constructor() {
    this.node.append(this.number);
  }

  take(row: number, mark: RowMark | undefined): void {
    if (row !== this.row || mark !== this.mark) {
      [this.row, this.mark] = [row, mark];
      this.node.setAttribute('aria-rowindex', String(row + 2));
      this.node.dataset['row'] = String(row);
      this.number.textContent = `${mark ? SIGNS[mark] : ''}${row + 1}`;
      this.node.dataset['mark'] = mark ?? '';
    }
  }

  /** The cell view of a column, of at least `count` in the row. */
  cell(column: number, count: number): CellView {
    while (this.cells.length < count) {
      const made = new CellView();
      this.cells.push(made);
      this.node.append(made.node);
    }
    return this.cells[column % count] as CellView;
  }
}

export class CellsView {
  constructor(private readonly parent: HTMLElement) {}

  show(sight: Sight, content: Content): void {
    this.across = Math.max(this.across, sight.endColumn - sight.firstColumn);
    const count = sight.endRow - sight.firstRow;
    while (this.rows.length < count) {
      const made = new RowView();
      this.rows.push(made);
      this.parent.append(made.node);
    }
    const seen = new Set<RowView>();
    for (let row = sight.firstRow; row < sight.endRow; row++) {
      const view = this.rows[row % this.rows.length] as RowView;
      seen.add(view);
      this.showRow(view, row, sight, content);
    }
    for (const view of this.rows) {
      view.node.hidden = !seen.has(view);
    }
  }

  /** The element of a cell, if that is in sight. */
  find({ row, column }: Cell): HTMLElement | null {
    const view = this.rows.find(each => each.row === row && !each.node.hidden);
    const cell = view?.cells.find(each => each.column === column && !each.node.hidden);
    return cell?.node ?? null;
  }

  private showRow(view: RowView, row: number, sight: Sight, content: Content): void {
    view.take(row, content.mark(row));
    view.node.style.transform = `translateY(${HEADER_HEIGHT + row * sight.rowHeight - sight.top}px)`;
    view.number.style.width = `${sight.gutter}px`;
    const seen = new Set<CellView>();
    for (let column = sight.firstColumn; column < sight.endColumn; column++) {
      const cell = view.cell(column, this.across);
      seen.add(cell);
      this.showCell(cell, { row, column }, sight, content);
    }
    for (const cell of view.cells) {
      cell.node.hidden = !seen.has(cell);
    }
  }

  private showCell(cell: CellView, { row, column }: Cell, sight: Sight, content: Content): void {
    const { columns, active } = content;
    if (cell.column !== column) {
      cell.column = column;
      cell.node.setAttribute('aria-colindex', String(column + 2));
      cell.node.dataset['column'] = String(column);
    }
    cell.node.style.transform = `translateX(${sight.gutter + columns.start(column) - sight.left}px)`;
    cell.node.style.width = `${columns.widthOf(column)}px`;
    cell.show(content.cell(row, column), columns.numeric[column] === true);
    cell.mark(contains(content.selected, row, column), active.row === row && active.column === column);
  }

  private readonly rows: RowView[] = [];
  private across = 0;
}

function isChange(value: CellValue | undefined | false): value is Change {
  return typeof value === 'object' && value !== null;
}

function part(tag: 'del' | 'ins', text: string | null): HTMLElement {
  const node = element(tag, text === null ? 'jd-grid-null' : '');
  node.textContent = painted(text);
  return node;
}

function painted(text: string | null): string {
  return text === null ? 'null' : clipped(text);
}

function clipped(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
