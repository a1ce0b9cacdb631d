export { DataGrid, type GridOptions } from './grid';
export { isNumeric, plain, textOf } from './model';
export type {
  Area,
  Cell,
  CellValue,
  Change,
  GridColumn,
  GridShape,
  GridSource,
  Page,
  PageRequest,
  RowMark,
  Translate
} from './model';
export { cellText, type JsonCell } from './texts';
