import { panelStyle } from '../ui/panel';

/** How the actions on a history look. */

export const actionStyle = `${panelStyle('jd-actions')}
.jd-actions { border: 1px solid var(--jd-line); border-top: none; }
.jd-actions-bar, .jd-actions-form { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; padding: 6px 10px; }
.jd-actions-bar { background: var(--jd-back-header); }
.jd-actions-current { margin-right: 6px; max-width: 14em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; unicode-bidi: isolate; }
.jd-actions-form { border-top: 1px solid var(--jd-line); }
.jd-actions-title { font-weight: 600; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.jd-actions-field { display: flex; gap: 6px; align-items: center; min-width: 0; }
.jd-actions-field > input { width: 15em; }
.jd-actions .jd-notice { border-top: 1px solid var(--jd-line); }
.jd-nested:not(:empty) { margin-top: 8px; }
`;

/** How a menu looks that is opened in a view with our colours. */
export const menuStyle = `
.jd-menu {
  position: absolute;
  z-index: 10;
  display: flex;
  flex-direction: column;
  min-width: 170px;
  max-height: 100%;
  overflow: auto;
  padding: 3px 0;
  border: 1px solid var(--jd-line);
  background: var(--jd-back);
  box-shadow: 0 2px 8px rgba(0, 0, 0, 0.35);
}
.jd-menu-item { display: flex; justify-content: space-between; gap: 20px; padding: 3px 12px; border: none; background: transparent; color: inherit; font: inherit; text-align: left; cursor: pointer; }
.jd-menu-item:disabled { opacity: 0.55; cursor: default; }
.jd-menu-item:is(:hover, :focus):not(:disabled) { background: var(--jd-selected); outline: none; }
.jd-menu-key { color: var(--jd-quiet); }
`;
