export { ReviewView } from './view';
export type { Conflict, ReviewSource, ReviewState, Scope, Take } from './model';
