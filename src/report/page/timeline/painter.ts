import type { SpanRow, SpanTable } from '../../../observe/span-table.js';
import { currentTheme, type Theme } from '../parts/theme.js';
import { heightOf, type Layout } from './layout.js';
import { INK, kindPaints, type KindPaint } from './paints.js';
import { PixelBoard, pixelOf } from './pixel-board.js';
import { rowRectangles } from './row-rectangles.js';
import { timeTicks, type Tick } from './time-scale.js';
import type { Viewport } from './viewport.js';

const FONT = '11px ui-sans-serif, system-ui, sans-serif';
/** CSS pixels that a tick's label wants. */
const TICK_WIDTH = 96;
/** CSS pixels from which a block is wide enough for a gap on its right, for hatching, for a label. */
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

/** What is drawn on top of the blocks: x, y, width and height of hatched ones in device pixels, and labels. */
interface Frame {
  readonly layout: Layout;
  readonly viewport: Viewport;
  readonly board: PixelBoard;
  readonly hatches: number[];
  readonly labels: Label[];
}

/** Draws the spans of a viewport onto a canvas. Keeps colours and the board between frames, nothing else. */
export class Painter {
  readonly #context: CanvasRenderingContext2D;
  readonly #table: SpanTable;
  readonly #nsPerStep: number | undefined;
  #theme: Theme | undefined;
  #paints: KindPaint[] = [];
  #board = new PixelBoard(1, 1);

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
    const { pixelRatio: ratio, axisHeight } = layout;
    const ticks = timeTicks(viewport, Math.max(2, Math.floor(layout.width / TICK_WIDTH)), this.#nsPerStep);
    const frame = { layout, viewport, board: this.#boardFor(layout), hatches: [], labels: [] };
    const scale = (layout.width * ratio) / (viewport.toNs - viewport.fromNs);
    const columns = ticks.map(({ atNs }) => Math.round((atNs - viewport.fromNs) * scale));
    frame.board.begin(pixelOf(INK[theme].paper), pixelOf(INK[theme].line), columns);
    this.#table.rows.forEach((row, index) => this.#row(row, index, frame));
    this.#context.setTransform(1, 0, 0, 1, 0, 0);
    frame.board.putOn(this.#context, Math.round(axisHeight * ratio));
    this.#hatch(frame);
    this.#context.scale(ratio, ratio);
    this.#axis(layout, ticks, columns, theme);
    this.#labels(frame.labels);
  }

  #boardFor(layout: Layout): PixelBoard {
    const ratio = layout.pixelRatio;
    const width = Math.max(1, Math.round(layout.width * ratio));
    const height = Math.max(1, Math.round(heightOf(layout) * ratio) - Math.round(layout.axisHeight * ratio));
    if (this.#board.width !== width || this.#board.height !== height) {
      this.#board = new PixelBoard(width, height);
    }
    return this.#board;
  }

  #row(row: SpanRow, index: number, frame: Frame): void {
    const { layout, viewport, board, hatches, labels } = frame;
    const { pixelRatio: ratio, rowHeight, axisHeight } = layout;
    const inset = rowHeight >= 12 ? 2 : 0;
    const top = Math.round((index * rowHeight + inset) * ratio);
    const height = Math.max(1, Math.round((rowHeight - inset) * ratio));
    const [gapFrom, hatchFrom] = [GAP_FROM * ratio, HATCH_FROM * ratio];
    const labelFrom = rowHeight < 14 ? Infinity : LABEL_FROM * ratio;
    const boardTop = Math.round(axisHeight * ratio);
    const paints = this.#paints;
    rowRectangles(this.#table, row, viewport, board.width, {
      merged(work, wait, share, x, width) {
        board.columns(x, width, paints[wait]?.pixel ?? 0, paints[work]?.pixel ?? 0, 1 - share);
      },
      span: (kind, x, width, at) => {
        const { pixel, hatch, text: colour } = paints[kind]!;
        const wide = width >= gapFrom ? width - 1 : width;
        board.columns(x, wide, pixel, pixel, 0);
        if (width >= hatchFrom && hatch !== undefined) hatches.push(x, boardTop + top, wide, height);
        if (width < labelFrom) return;
        const y = axisHeight + (top + height / 2) / ratio;
        const room = width / ratio - 9;
        labels.push({ text: this.#labelOf(row, at), x: x / ratio + 5, y, width: room, colour });
      },
    });
    board.endRow(top, height);
  }

  #hatch({ hatches }: Frame): void {
    const hatch = this.#paints.find((paint) => paint.hatch !== undefined)?.hatch;
    if (hatch === undefined) return;
    this.#context.fillStyle = hatch;
    for (let at = 0; at < hatches.length; at += 4) {
      this.#context.fillRect(hatches[at]!, hatches[at + 1]!, hatches[at + 2]!, hatches[at + 3]!);
    }
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

  #axis(layout: Layout, ticks: readonly Tick[], columns: readonly number[], theme: Theme): void {
    const context = this.#context;
    const { width, axisHeight, pixelRatio } = layout;
    context.fillStyle = INK[theme].paper;
    context.fillRect(0, 0, width, axisHeight);
    context.font = FONT;
    context.textBaseline = 'middle';
    ticks.forEach(({ label }, index) => {
      const x = columns[index]! / pixelRatio;
      context.fillStyle = INK[theme].line;
      context.fillRect(x, axisHeight - 8, 1 / pixelRatio, 8);
      context.fillStyle = INK[theme].muted;
      const wide = context.measureText(label).width;
      context.fillText(label, Math.max(0, Math.min(width - wide, x - wide / 2)), 9);
    });
  }
}
