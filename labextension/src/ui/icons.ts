import { LabIcon } from '@jupyterlab/ui-components';

/** A stack of tables that branches. */
export const datasetsIcon = new LabIcon({
  name: 'jupyter-datasets:datasets',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" fill="none" viewBox="0 0 24 24">
  <g class="jp-icon3" stroke="#616161" stroke-width="2">
    <ellipse cx="9" cy="5" rx="6" ry="2.5"/>
    <path d="M3 5v12c0 1.4 2.7 2.5 6 2.5M15 5v4M3 11c0 1.4 2.7 2.5 6 2.5"/>
    <circle cx="19" cy="11" r="2"/><circle cx="14" cy="20" r="2"/>
    <path d="M19 13c0 3-5 2-5 5"/>
  </g>
</svg>`
});

/** Lanes of commits. */
export const branchIcon = new LabIcon({
  name: 'jupyter-datasets:branch',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" fill="none" viewBox="0 0 24 24">
  <g class="jp-icon3" stroke="#616161" stroke-width="2">
    <circle cx="7" cy="5" r="2"/><circle cx="7" cy="19" r="2"/><circle cx="17" cy="8" r="2"/>
    <path d="M7 7v10M17 10c0 4-10 3-10 7"/>
  </g>
</svg>`
});

/** Work that goes on. */
export const jobsIcon = new LabIcon({
  name: 'jupyter-datasets:jobs',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" fill="none" viewBox="0 0 24 24">
  <g class="jp-icon3" stroke="#616161" stroke-width="2">
    <rect x="3" y="4" width="18" height="4" rx="1"/><rect x="3" y="14" width="18" height="4" rx="1"/>
    <path d="M4 6h10M4 16h5" stroke-width="3"/>
  </g>
</svg>`
});
