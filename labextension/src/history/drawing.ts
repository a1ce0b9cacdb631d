/** A row's lanes as SVG. */

import type { LaneRow, Piece } from './lanes';

const SVG = 'http://www.w3.org/2000/svg';
const SPACING = 14;
const RADIUS = 4;
/** Room for all lanes; more of them move closer together. */
const MOST_WIDTH = 240;

/** How many colours the style sheet has for lanes. */
export const PALETTE = 8;

export function drawingWidth(lanes: number): number {
  return Math.min((lanes + 1) * SPACING, MOST_WIDTH);
}

export function draw(svg: SVGSVGElement, row: LaneRow, lanes: number, height: number): void {
  const step = drawingWidth(lanes) / (lanes + 1);
  const x = (lane: number): number => (lane + 1) * step;
  const middle = height / 2;
  svg.replaceChildren(
    ...row.above.map(piece => line(piece, x, 0, middle)),
    ...row.below.map(piece => line(piece, x, middle, height)),
    dot(row, x(row.lane), middle)
  );
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

function dot({ color }: LaneRow, x: number, y: number): SVGElement {
  return make('circle', {
    class: `jd-dot jd-lane-${color % PALETTE}`,
    cx: String(x),
    cy: String(y),
    r: String(RADIUS)
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
