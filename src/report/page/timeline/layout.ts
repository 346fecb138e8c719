import type { Viewport } from './viewport.js';

/** Where things lie on a timeline's canvas, in CSS pixels. */
export interface Layout {
  readonly width: number;
  readonly axisHeight: number;
  readonly rowHeight: number;
  readonly rows: number;
  readonly pixelRatio: number;
}

export const AXIS_HEIGHT = 26;
const TALLEST_ROW = 30;
const SHORTEST_ROW = 4;
const ALL_ROWS = 720;

/** @param rowHeight absent: what is fair */
export function layoutFor(width: number, rows: number, pixelRatio: number, rowHeight?: number): Layout {
  const fair = Math.floor(ALL_ROWS / Math.max(1, rows));
  const own = Math.max(SHORTEST_ROW, Math.min(TALLEST_ROW, fair));
  return { width, axisHeight: AXIS_HEIGHT, rowHeight: rowHeight ?? own, rows, pixelRatio };
}

export function heightOf({ axisHeight, rowHeight, rows }: Layout): number {
  return axisHeight + rowHeight * rows;
}

export function nsAt(x: number, { width }: Layout, { fromNs, toNs }: Viewport): number {
  return fromNs + (x / Math.max(1, width)) * (toNs - fromNs);
}

/** Row under a height; undefined on the axis and below the last. */
export function rowAt(y: number, { axisHeight, rowHeight, rows }: Layout): number | undefined {
  const row = Math.floor((y - axisHeight) / rowHeight);
  return row >= 0 && row < rows ? row : undefined;
}
