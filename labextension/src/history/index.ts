export { HistoryView, type HistoryOptions } from './history';
export { assignLanes, NO_LANES, widthOf, type LaneRow, type LaneState, type Piece } from './lanes';
export type { Commit, CommitPage, HistoryCallbacks, HistorySource, Ref } from './model';
export { ActionBar, type ActionSource } from './actionbar';
export type { ActionName } from './actions';
