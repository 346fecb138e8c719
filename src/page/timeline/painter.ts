import type { SpanRow, SpanTable } from '../../report/span-table.js';
import { currentTheme, type Theme } from '../theme.js';
import { heightOf, type Layout } from './layout.js';
import { inkOf, kindPaints, type KindPaint } from './paints.js';
import { rowRectangles } from './row-rectangles.js';
import { timeTicks } from './time-scale.js';
import type { Viewport } from './viewport.js';

const FONT = '11px ui-sans-serif, system-ui, sans-serif';
/** CSS pixels that a tick's label wants. */
const TICK_WIDTH = 96;
/** A block wide enough for a gap on its right, for hatching, for a label. */
const GAP_FROM = 4;
const HATCH_FROM = 6;
const LABEL_FROM = 22;

interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly colour: string;
}

/** Draws the spans of a viewport onto a canvas. Keeps colours between frames, nothing else. */
export class Painter {
  readonly #context: CanvasRenderingContext2D;
  readonly #table: SpanTable;
  readonly #nsPerStep: number | undefined;
  #theme: Theme | undefined;
  #paints: KindPaint[] = [];

  constructor(context: CanvasRenderingContext2D, table: SpanTable, nsPerStep?: number) {
    this.#context = context;
    this.#table = table;
    this.#nsPerStep = nsPerStep;
  }

  draw(layout: Layout, viewport: Viewport): void {
    const theme = currentTheme();
    if (theme !== this.#theme) {
      this.#theme = theme;
      this.#paints = kindPaints(this.#table, theme, this.#context);
    }
    const context = this.#context;
    const ratio = layout.pixelRatio;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = inkOf(theme).paper;
    context.fillRect(0, 0, Math.ceil(layout.width * ratio), Math.ceil(heightOf(layout) * ratio));
    const labels: Label[] = [];
    this.#table.rows.forEach((row, index) => this.#row(row, index, layout, viewport, labels));
    context.scale(ratio, ratio);
    this.#axis(layout, viewport, theme);
    this.#labels(labels);
  }

  /** In device pixels, on whole ones: edges stay sharp and filling is fast. */
  #row(row: SpanRow, index: number, layout: Layout, viewport: Viewport, labels: Label[]): void {
    const { pixelRatio: ratio, rowHeight, axisHeight } = layout;
    const context = this.#context;
    const inset = rowHeight >= 12 ? 2 : 0;
    const top = Math.round((axisHeight + index * rowHeight + inset) * ratio);
    const height = Math.max(1, Math.round((rowHeight - inset) * ratio));
    let filled = '';
    rowRectangles(
      this.#table,
      row,
      viewport,
      Math.round(layout.width * ratio),
      (kind, x, width, from, to, at) => {
        const paint = this.#paints[kind]!;
        const y = top + Math.round(from * height);
        const tall = top + Math.round(to * height) - y;
        if (tall <= 0) return;
        const wide = width >= GAP_FROM * ratio ? width - 1 : width;
        if (paint.fill !== filled) context.fillStyle = filled = paint.fill;
        context.fillRect(x, y, wide, tall);
        if (width < HATCH_FROM * ratio || at < 0) return;
        if (paint.hatch !== undefined) {
          context.fillStyle = paint.hatch;
          context.fillRect(x, y, wide, tall);
          filled = '';
        }
        if (width < LABEL_FROM * ratio || rowHeight < 14) return;
        const middle = (top + height / 2) / ratio;
        labels.push({
          ...{ text: this.#labelOf(row, at), x: x / ratio + 5, y: middle, width: width / ratio - 9 },
          colour: paint.text,
        });
      },
    );
  }

  /** `F3`, `copy`, `upstream`. */
  #labelOf(row: SpanRow, at: number): string {
    const { kind, activity } = this.#table.kinds[row.kind[at]!]!;
    if (kind === 'action') return `${activity}${row.microBatch[at]! < 0 ? '' : row.microBatch[at]}`;
    return activity.replace('waits: ', '').replace('done', '');
  }

  #labels(labels: readonly Label[]): void {
    const context = this.#context;
    context.font = FONT;
    context.textBaseline = 'middle';
    const widths = new Map<string, number>();
    for (const { text, x, y, width, colour } of labels) {
      let needed = widths.get(text);
      if (needed === undefined) widths.set(text, (needed = context.measureText(text).width));
      if (needed > width) continue;
      context.fillStyle = colour;
      context.fillText(text, x, y);
    }
  }

  #axis(layout: Layout, viewport: Viewport, theme: Theme): void {
    const context = this.#context;
    const ink = inkOf(theme);
    context.font = FONT;
    context.textBaseline = 'middle';
    const scale = layout.width / (viewport.toNs - viewport.fromNs);
    const bottom = heightOf(layout);
    const count = Math.max(2, Math.floor(layout.width / TICK_WIDTH));
    for (const { atNs, label } of timeTicks(viewport, count, this.#nsPerStep)) {
      const x = Math.round((atNs - viewport.fromNs) * scale) + 0.5;
      context.fillStyle = ink.line;
      context.globalAlpha = 0.55;
      context.fillRect(x - 0.5, layout.axisHeight - 6, 1, bottom);
      context.globalAlpha = 1;
      context.fillStyle = ink.muted;
      const width = context.measureText(label).width;
      context.fillText(label, Math.max(0, Math.min(layout.width - width, x - width / 2)), 9);
    }
  }
}
