export { DataGrid, type GridOptions } from './grid';
export { isNumeric, plain } from './model';
export type { Area, Cell, GridColumn, GridShape, GridSource, Page, PageRequest, Translate } from './model';
export { cellText, type JsonCell } from './texts';
