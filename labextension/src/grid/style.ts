import { viewStyle } from '../ui/viewstyle';

/** How a grid looks. */

/** Pixels, unless told. */
export const ROW_HEIGHT = 24;
export const HEADER_HEIGHT = 40;

export const style = `${viewStyle('jd-grid')}
.jd-grid-port:focus { outline: 2px solid var(--jd-focus); outline-offset: -2px; }
.jd-grid-row { position: absolute; top: 0; left: 0; width: 100%; height: var(--jd-row); }
.jd-grid-cell, .jd-grid-number, .jd-grid-head {
  position: absolute;
  top: 0;
  left: 0;
  height: var(--jd-row);
  line-height: calc(var(--jd-row) - 1px);
  padding: 0 8px;
  overflow: hidden;
  white-space: pre;
  text-overflow: ellipsis;
  unicode-bidi: isolate;
  border-right: 1px solid var(--jd-line);
  border-bottom: 1px solid var(--jd-line);
  background: var(--jd-row-back, var(--jd-back));
  cursor: default;
  user-select: none;
}
.jd-grid-row[data-mark='added'] { --jd-row-back: var(--jd-added); }
.jd-grid-row[data-mark='removed'] { --jd-row-back: var(--jd-removed); }
.jd-grid-row:is([data-mark='added'], [data-mark='removed'], [data-mark='changed']) .jd-grid-number { text-align: left; color: var(--jd-text); }
.jd-grid-row[data-mark='added'] .jd-grid-number { background: var(--jd-added-strong); }
.jd-grid-row[data-mark='removed'] .jd-grid-number { background: var(--jd-removed-strong); }
.jd-grid-row[data-mark='changed'] .jd-grid-number { background: var(--jd-changed); }
.jd-grid-change { --jd-row-back: var(--jd-changed); }
.jd-grid-cell :is(del, ins) { padding: 1px 3px; border-radius: 2px; color: var(--jd-text); unicode-bidi: isolate; }
.jd-grid-cell del { background: var(--jd-removed-strong); }
.jd-grid-cell ins { background: var(--jd-added-strong); text-decoration: none; }
.jd-grid-cell { font-family: var(--jp-code-font-family, ui-monospace, monospace); }
.jd-grid-right { text-align: right; }
.jd-grid-null { color: var(--jd-quiet); font-style: italic; }
.jd-grid-waiting::after {
  content: '';
  display: inline-block;
  width: min(60%, 8em);
  height: 8px;
  border-radius: 4px;
  background: var(--jp-layout-color3, light-dark(#bdbdbd, #616161));
  opacity: 0.4;
}
.jd-grid-selected { background: color-mix(in srgb, var(--jd-focus) 18%, var(--jd-row-back, var(--jd-back))); }
.jd-grid-cell:focus, .jd-grid-head:focus, .jd-grid-number:focus { outline: none; }
.jd-grid-active { outline: 1px solid var(--jd-quiet) !important; outline-offset: -1px; }
.jd-grid:focus-within .jd-grid-active { outline: 2px solid var(--jd-focus) !important; outline-offset: -2px; }
.jd-grid-header { position: absolute; top: 0; left: 0; width: 100%; height: ${HEADER_HEIGHT}px; z-index: 2; background: var(--jd-back-header); }
.jd-grid-head { height: ${HEADER_HEIGHT}px; line-height: 18px; padding: 2px 8px; background: var(--jd-back-header); }
.jd-grid-name { display: block; overflow: hidden; text-overflow: ellipsis; font-weight: 600; unicode-bidi: isolate; }
.jd-grid-type {
  display: block;
  overflow: hidden;
  text-overflow: ellipsis;
  line-height: 15px;
  font-size: var(--jp-ui-font-size0, 11px);
  color: var(--jd-quiet);
  unicode-bidi: isolate;
}
.jd-grid-number {
  z-index: 1;
  padding: 0 6px;
  text-align: right;
  font-size: var(--jp-ui-font-size0, 11px);
  color: var(--jd-quiet);
  background: var(--jd-back-header);
}
.jd-grid-corner { z-index: 3; height: ${HEADER_HEIGHT}px; }
.jd-grid-grip { position: absolute; top: 0; right: 0; width: 7px; height: 100%; cursor: col-resize; touch-action: none; }
.jd-grid-grip:hover { background: var(--jd-focus); opacity: 0.5; }
.jd-grid-status {
  flex: none;
  display: flex;
  gap: 16px;
  padding: 2px 8px;
  min-height: 22px;
  border-top: 1px solid var(--jd-line);
  background: var(--jd-back-header);
  font-size: var(--jp-ui-font-size0, 11px);
  line-height: 18px;
}
.jd-grid-size, .jd-grid-said { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.jd-grid-notice {
  position: absolute;
  left: 0;
  right: 0;
  top: ${HEADER_HEIGHT}px;
  z-index: 4;
  display: flex;
  gap: 12px;
  align-items: center;
  padding: 12px;
  background: var(--jd-back);
  border-bottom: 1px solid var(--jd-line);
}
.jd-grid-error { border-left: 4px solid var(--jp-error-color1, #d32f2f); }
.jd-grid-notice span { overflow-wrap: anywhere; unicode-bidi: plaintext; }
.jd-grid-notice button {
  flex: none;
  font: inherit;
  color: inherit;
  padding: 3px 12px;
  border: 1px solid currentcolor;
  border-radius: 2px;
  background: transparent;
  cursor: pointer;
}
.jd-grid-notice button:focus-visible { outline: 2px solid var(--jd-focus); outline-offset: 1px; }
.jd-offscreen { position: fixed; left: -9999px; top: 0; }
`;
