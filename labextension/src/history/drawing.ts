/** A row's lanes as SVG. */

import type { LaneRow, Piece } from './lanes';

const SVG = 'http://www.w3.org/2000/svg';
const SPACING = 14;
const RADIUS = 4;
const LEAST_RADIUS = 3;
/** The part of the view that lanes may take; of more lanes a part is seen, which can be moved. */
const SHARE = 0.4;

/** How many colours the style sheet has for lanes. */
export const PALETTE = 8;

/** What is seen of the lanes, in pixels. */
export interface GraphSight {
  readonly scale: number;
  readonly height: number;
  readonly left: number;
  readonly width: number;
}

/** How wide all lanes are together. */
export function lanesWidth(lanes: number, scale: number): number {
  return (lanes + 1) * SPACING * scale;
}

/** How wide the part of them is that is seen in a view of some width. */
export function seenWidth(lanes: number, scale: number, view: number): number {
  return Math.min(lanesWidth(lanes, scale), Math.max(view * SHARE, 8 * SPACING));
}

/** Where a lane runs. */
export function laneX(lane: number, scale: number): number {
  return (lane + 1) * SPACING * scale;
}

/** Draw a row. */
export function draw(svg: SVGSVGElement, row: LaneRow, { scale, height }: GraphSight): void {
  const x = (lane: number): number => laneX(lane, scale);
  const middle = height / 2;
  svg.replaceChildren(
    ...row.above.map(piece => line(piece, x, 0, middle)),
    ...row.below.map(piece => line(piece, x, middle, height)),
    dot(row, x(row.lane), middle, Math.max(RADIUS * scale, LEAST_RADIUS))
  );
}

/** Let the part in sight be seen. */
export function aim(svg: SVGSVGElement, { height, left, width }: GraphSight): void {
  const box = `${left} 0 ${width} ${height}`;
  if (svg.getAttribute('viewBox') !== box) {
    svg.setAttribute('viewBox', box);
    svg.style.width = `${width}px`;
  }
}

function line(
  { from, to, color }: Piece,
  x: (lane: number) => number,
  top: number,
  bottom: number
): SVGElement {
  const [start, end, middle] = [x(from), x(to), (top + bottom) / 2];
  const shape =
    from === to
      ? `M${start} ${top}V${bottom}`
      : `M${start} ${top}C${start} ${middle} ${end} ${middle} ${end} ${bottom}`;
  return make('path', { class: `jd-lane jd-lane-${color % PALETTE}`, d: shape });
}

function dot({ color }: LaneRow, x: number, y: number, radius: number): SVGElement {
  return make('circle', {
    class: `jd-dot jd-lane-${color % PALETTE}`,
    cx: String(x),
    cy: String(y),
    r: String(radius)
  });
}

function make(tag: string, attributes: Record<string, string>): SVGElement {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, value);
  }
  return node;
}

export function newDrawing(): SVGSVGElement {
  const svg = make('svg', { 'aria-hidden': 'true', class: 'jd-drawing' });
  return svg as SVGSVGElement;
}
