import { viewStyle } from '../ui/viewstyle';
import { menuStyle } from './actionstyle';

/** How a history looks. */

export const ROW_HEIGHT = 28;

export const style = `${viewStyle('jd-history')}${menuStyle}
.jd-history-port:focus-visible { outline: 2px solid var(--jd-focus); outline-offset: -2px; }
.jd-commit {
  position: absolute;
  top: 0;
  left: 0;
  display: flex;
  align-items: center;
  gap: 8px;
  width: 100%;
  height: var(--jd-row);
  font-size: max(calc(1em * var(--jd-zoom)), 9px);
  padding-right: 12px;
  white-space: nowrap;
  cursor: default;
  user-select: none;
}
.jd-commit:hover { background: var(--jd-back-header); }
.jd-commit[aria-selected='true'] { background: var(--jd-selected); }
.jd-commit-active { box-shadow: inset 0 0 0 1px var(--jd-line); }
.jd-history-port:focus .jd-commit-active { box-shadow: inset 0 0 0 2px var(--jd-focus); }
.jd-drawing { flex: none; height: var(--jd-row); overflow: hidden; }
.jd-lane { fill: none; stroke-width: 2; }
.jd-dot { stroke: var(--jd-back); stroke-width: 1.5; }
.jd-lane-0 { stroke: var(--jp-brand-color1, #1976d2); }
.jd-lane-1 { stroke: var(--jp-success-color1, #388e3c); }
.jd-lane-2 { stroke: var(--jp-warn-color1, #f57c00); }
.jd-lane-3 { stroke: var(--jp-mirror-editor-keyword-color, #8e24aa); }
.jd-lane-4 { stroke: var(--jp-info-color1, #00838f); }
.jd-lane-5 { stroke: var(--jp-error-color1, #d32f2f); }
.jd-lane-6 { stroke: var(--jp-mirror-editor-number-color, #5d8a2f); }
.jd-lane-7 { stroke: var(--jp-ui-font-color2, #757575); }
circle.jd-lane-0 { fill: var(--jp-brand-color1, #1976d2); }
circle.jd-lane-1 { fill: var(--jp-success-color1, #388e3c); }
circle.jd-lane-2 { fill: var(--jp-warn-color1, #f57c00); }
circle.jd-lane-3 { fill: var(--jp-mirror-editor-keyword-color, #8e24aa); }
circle.jd-lane-4 { fill: var(--jp-info-color1, #00838f); }
circle.jd-lane-5 { fill: var(--jp-error-color1, #d32f2f); }
circle.jd-lane-6 { fill: var(--jp-mirror-editor-number-color, #5d8a2f); }
circle.jd-lane-7 { fill: var(--jp-ui-font-color2, #757575); }
circle.jd-dot { stroke: var(--jd-back); }
.jd-chip {
  flex: none;
  max-width: 16em;
  overflow: hidden;
  text-overflow: ellipsis;
  padding: 0 8px;
  border: 1px solid currentcolor;
  border-radius: 10px;
  line-height: 1.3;
  font-size: max(0.85em, 9px);
  background: var(--jd-back);
  unicode-bidi: isolate;
}
.jd-chip-branch { border-color: var(--jp-brand-color1, #1976d2); border-width: 2px; font-weight: 600; }
.jd-chip-tag { border-color: var(--jp-warn-color1, #f57c00); border-style: dashed; }
.jd-commit-message { flex: 1 1 auto; min-width: 6em; overflow: hidden; text-overflow: ellipsis; unicode-bidi: isolate; }
.jd-commit-author { flex: 0 0 9em; overflow: hidden; text-overflow: ellipsis; color: var(--jd-quiet); unicode-bidi: isolate; }
.jd-commit-time { flex: none; color: var(--jd-quiet); font-variant-numeric: tabular-nums; }
.jd-commit-id { flex: none; color: var(--jd-quiet); font-family: var(--jp-code-font-family, ui-monospace, monospace); }
.jd-history-details {
  flex: none;
  display: flex;
  flex-wrap: wrap;
  align-content: start;
  gap: 8px 32px;
  max-height: 40%;
  overflow: auto;
  margin: 0;
  padding: 6px 12px;
  border-top: 1px solid var(--jd-line);
  background: var(--jd-back-header);
}
.jd-history-details:focus-visible { outline: 2px solid var(--jd-focus); outline-offset: -2px; }
.jd-history-details dl { flex: 1 1 20em; display: grid; grid-template-columns: max-content 1fr; align-content: start; gap: 2px 12px; margin: 0; }
.jd-history-details dt { color: var(--jd-quiet); }
.jd-history-details dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; unicode-bidi: plaintext; user-select: text; }
.jd-history-foot { flex: none; display: flex; justify-content: flex-end; padding: 1px 8px; border-top: 1px solid var(--jd-line); background: var(--jd-back-header); }
.jd-zoom { display: flex; gap: 2px; }
.jd-zoom button { min-width: 24px; height: 24px; padding: 0 6px; border: none; background: transparent; color: inherit; font: inherit; cursor: pointer; }
.jd-zoom button:hover:not(:disabled) { background: var(--jd-back); }
.jd-zoom button:disabled { opacity: 0.5; cursor: default; }
.jd-zoom button:focus-visible { outline: 2px solid var(--jd-focus); outline-offset: -2px; }
.jd-history-notice { display: flex; gap: 12px; align-items: center; padding: 12px; border-bottom: 1px solid var(--jd-line); }
.jd-history-error { border-left: 4px solid var(--jp-error-color1, #d32f2f); }
.jd-history-notice button {
  font: inherit;
  color: inherit;
  padding: 3px 12px;
  border: 1px solid currentcolor;
  border-radius: 2px;
  background: transparent;
  cursor: pointer;
}
.jd-history-notice button:focus-visible { outline: 2px solid var(--jd-focus); outline-offset: 1px; }
@container jd-history (max-width: 640px) {
  .jd-commit-author, .jd-commit-id { display: none; }
}
.jd-history { container: jd-history / inline-size; }
`;
