import { panelStyle } from '../ui/panel';

/** How a difference looks. */

export const style = `${panelStyle('jd-diff')}
.jd-diff { border: 1px solid var(--jd-line); container: jd-diff / inline-size; }
.jd-diff-versions {
  display: grid;
  grid-template-columns: max-content max-content minmax(0, 1fr);
  gap: 2px 10px;
  align-items: baseline;
  padding: 6px 10px;
  border-bottom: 1px solid var(--jd-line);
  background: var(--jd-back-header);
}
.jd-diff-role { color: var(--jd-quiet); }
.jd-diff-version { display: flex; gap: 6px; align-items: baseline; min-width: 0; }
.jd-diff-message { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate; }
.jd-ref { flex: none; max-width: 10em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: 0 7px; border: 1px solid currentcolor; border-radius: 9px; font-size: 0.85em; unicode-bidi: isolate; }
.jd-diff-nothing { padding: 16px 10px; }
.jd-diff-tables { max-height: 180px; overflow: auto; border-bottom: 1px solid var(--jd-line); }
.jd-diff-list { margin: 0; padding: 2px 0; list-style: none; }
.jd-diff-list + .jd-diff-list { border-top: 1px solid var(--jd-line); }
.jd-diff-item { display: flex; gap: 8px; align-items: baseline; min-height: 24px; padding: 2px 10px; cursor: default; }
.jd-diff-item[role='option']:not([aria-selected='true']):hover { background: var(--jd-back-header); }
.jd-diff-item[aria-selected='true'] { background: var(--jd-selected); box-shadow: inset 3px 0 0 var(--jd-focus); }
.jd-diff .jd-diff-item:focus-visible { outline-offset: -2px; }
.jd-sign { flex: none; width: 1.3em; border-radius: 3px; text-align: center; font-weight: 700; }
.jd-sign.jd-sign-added, .jd-count.jd-sign-added { background: var(--jd-added-strong); }
.jd-sign.jd-sign-removed, .jd-count.jd-sign-removed { background: var(--jd-removed-strong); }
.jd-sign:is(.jd-sign-changed, .jd-sign-renamed), .jd-count.jd-sign-changed { background: var(--jd-changed-strong); }
.jd-diff-name { min-width: 4em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; unicode-bidi: isolate; }
.jd-diff-kind { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--jd-quiet); unicode-bidi: isolate; }
.jd-diff-counts { flex: none; display: flex; gap: 4px; }
.jd-count { padding: 0 6px; border-radius: 3px; font-variant-numeric: tabular-nums; }
.jd-diff-columns { display: flex; flex-wrap: wrap; gap: 4px; margin: 0; padding: 6px 10px 0; list-style: none; }
.jd-diff-columns li { padding: 0 6px; border-radius: 3px; overflow-wrap: anywhere; unicode-bidi: isolate; font-family: var(--jp-code-font-family, ui-monospace, monospace); font-size: 0.92em; }
.jd-diff-columns .jd-sign-added { background: var(--jd-added); }
.jd-diff-columns .jd-sign-removed { background: var(--jd-removed); }
.jd-diff-columns .jd-sign-changed { background: var(--jd-changed); }
.jd-diff-bar { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; padding: 6px 10px; }
.jd-diff-filters, .jd-diff-steps { display: flex; flex-wrap: wrap; gap: 4px; }
.jd-space { flex: 1 1 0; }
.jd-diff button.jd-control[class*='jd-filter-'] { text-decoration: line-through; opacity: 0.8; }
.jd-diff button.jd-control[class*='jd-filter-'][aria-pressed='true'] { text-decoration: none; opacity: 1; border-color: currentcolor; }
.jd-diff button.jd-filter-added[aria-pressed='true'] { background: var(--jd-added-strong); }
.jd-diff button.jd-filter-removed[aria-pressed='true'] { background: var(--jd-removed-strong); }
.jd-diff button.jd-filter-changed[aria-pressed='true'] { background: var(--jd-changed-strong); }
.jd-diff-rows { border-top: 1px solid var(--jd-line); }
.jd-diff-rows:empty { display: none; }
`;
