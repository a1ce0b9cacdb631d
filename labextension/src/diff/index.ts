export { DiffView } from './view';
export type { Counts, Difference, DiffSource, Line, LinesRequest, Outline } from './model';
