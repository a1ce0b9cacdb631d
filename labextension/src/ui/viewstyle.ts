/** Colours of our views: JupyterLab's, with fallbacks for pages that have none. */
export const colors = `
  --jd-line: var(--jp-border-color2, light-dark(#e0e0e0, #424242));
  --jd-back: var(--jp-layout-color1, light-dark(#fff, #111));
  --jd-back-header: var(--jp-layout-color2, light-dark(#eee, #212121));
  --jd-text: var(--jp-ui-font-color1, light-dark(rgba(0, 0, 0, 0.87), rgba(255, 255, 255, 0.95)));
  --jd-quiet: var(--jp-ui-font-color1, light-dark(rgba(0, 0, 0, 0.7), rgba(255, 255, 255, 0.8)));
  --jd-focus: var(--jp-brand-color1, light-dark(#1976d2, #64b5f6));
  --jd-selected: color-mix(in srgb, var(--jd-focus) 18%, var(--jd-back));
  --jd-added: color-mix(in srgb, var(--jp-success-color1, #388e3c) 12%, var(--jd-back));
  --jd-added-strong: color-mix(in srgb, var(--jp-success-color1, #388e3c) 26%, var(--jd-back));
  --jd-removed: color-mix(in srgb, var(--jp-error-color1, #d32f2f) 11%, var(--jd-back));
  --jd-removed-strong: color-mix(in srgb, var(--jp-error-color1, #d32f2f) 24%, var(--jd-back));
  --jd-changed: color-mix(in srgb, var(--jp-warn-color1, #f57c00) 14%, var(--jd-back));
  --jd-changed-strong: color-mix(in srgb, var(--jp-warn-color1, #f57c00) 26%, var(--jd-back));`;

/**
 * What our scrolling views share: colours and fonts from JupyterLab's variables, with fallbacks for pages that have
 * none, and a port through which a canvas as large as the view is seen.
 */
export function viewStyle(name: string): string {
  return `
.${name} {${colors}
  display: flex;
  flex-direction: column;
  position: relative;
  box-sizing: border-box;
  width: 100%;
  height: 100%;
  min-height: 96px;
  overflow: hidden;
  background: var(--jd-back);
  color: var(--jd-text);
  font-family: var(--jp-ui-font-family, system-ui, sans-serif);
  font-size: var(--jp-ui-font-size1, 13px);
}
.${name} * { box-sizing: border-box; }
.${name} [hidden] { display: none !important; }
.${name}-port { flex: 1 1 0; min-height: 0; overflow: auto; position: relative; outline: none; }
.${name}-sizer { min-width: 100%; min-height: 100%; }
.${name}-canvas { position: sticky; top: 0; left: 0; overflow: hidden; }
`;
}
