import { panelStyle } from '../ui/panel';

/** How a review of conflicts looks. */

export const style = `${panelStyle('jd-review')}
.jd-review { border: 1px solid var(--jd-line); container: jd-review / inline-size; }
.jd-review .jd-quiet { color: var(--jd-quiet); }
.jd-review-head { display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; padding: 6px 10px; border-bottom: 1px solid var(--jd-line); background: var(--jd-back-header); }
.jd-review-title { flex: 1 1 auto; font-weight: 600; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.jd-bulk { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; min-width: 0; }
.jd-bulk-scope { width: 15em; }
.jd-conflicts { max-height: 430px; overflow: auto; position: relative; }
.jd-conflict {
  display: grid;
  grid-template-columns: minmax(6em, 1.3fr) repeat(3, minmax(0, 1fr)) 6.5em;
  gap: 8px;
  align-items: center;
  padding: 4px 10px;
  content-visibility: auto;
  contain-intrinsic-size: auto 44px;
}
.jd-conflict + .jd-conflict { border-top: 1px solid var(--jd-line); }
.jd-conflict-head { position: sticky; top: 0; z-index: 1; content-visibility: visible; background: var(--jd-back); border-bottom: 1px solid var(--jd-line); color: var(--jd-quiet); }
.jd-conflict-head > * { font-size: 0.92em; }
.jd-conflict-table { padding: 3px 10px; background: var(--jd-back-header); font-weight: 600; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.jd-conflict[aria-selected='true'] { box-shadow: inset 3px 0 0 var(--jd-focus); background: var(--jd-selected); }
.jd-review .jd-conflict:focus-visible { outline-offset: -2px; }
.jd-conflict-where { display: flex; flex-direction: column; min-width: 0; }
.jd-conflict-where > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate; }
.jd-conflict-column { font-weight: 600; }
.jd-conflict-column::before { content: '? '; color: var(--jd-quiet); }
.jd-conflict-settled .jd-conflict-column::before { content: '✓ '; color: inherit; }
.jd-conflict-cell { min-width: 0; }
.jd-value { display: block; overflow: hidden; text-overflow: ellipsis; white-space: pre; font-family: var(--jp-code-font-family, ui-monospace, monospace); unicode-bidi: isolate; }
.jd-null { font-style: italic; color: var(--jd-quiet); }
.jd-review button.jd-side { width: 100%; text-align: left; overflow: hidden; }
.jd-review button.jd-side[aria-pressed='true'] { background: var(--jd-added-strong); border-color: currentcolor; box-shadow: inset 0 0 0 1px currentcolor; }
.jd-review button.jd-side:disabled { opacity: 1; }
.jd-review .jd-conflict-cell select { display: block; width: 100%; padding: 1px 2px; }
.jd-review-foot { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; padding: 6px 10px; border-top: 1px solid var(--jd-line); background: var(--jd-back-header); }
.jd-review-left { font-weight: 600; }
.jd-space { flex: 1 1 0; }
@container jd-review (max-width: 620px) {
  .jd-hint { display: none; }
  .jd-conflict { gap: 5px; padding: 4px 8px; grid-template-columns: minmax(5em, 1fr) repeat(3, minmax(0, 1fr)) 5.8em; }
}
`;
