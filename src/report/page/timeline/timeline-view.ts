import type { RunDescription } from '../../../observe/run-description.js';
import { endOf, type SpanRow, type SpanTable } from '../../../observe/span-table.js';
import { watchTheme } from '../parts/theme.js';
import { heightOf, layoutFor, nsAt, rowAt, type Layout } from './layout.js';
import { drawOverlay, type Selection } from './overlay.js';
import { Painter } from './painter.js';
import { spanAt } from './span-search.js';
import { panned, within, zoomed, type Viewport } from './viewport.js';

/** CSS pixels around a thin span within which the pointer still means it. */
const TOLERANCE = 3;

/** What it draws on: the overlay is of the same size, above the canvas. */
type TimelineElements = Readonly<Record<'canvas' | 'overlay', HTMLCanvasElement>>;

/** Position of the chosen span on the canvas, for what is shown beside it. */
export interface SelectionPlace extends Selection {
  readonly x: number;
  readonly y: number;
}

/**
 * A timeline on a canvas: which stretch it shows and which span is chosen. It knows neither keys nor pointers; its
 * panel does. Draws at most once a frame.
 */
export class TimelineView {
  readonly #table: SpanTable;
  readonly #elements: TimelineElements;
  readonly #painter: Painter;
  readonly #overlayContext: CanvasRenderingContext2D;
  readonly #onSelect: (place: SelectionPlace | undefined) => void;
  readonly #endNs: number;
  readonly #rowHeight: number | undefined;
  readonly #stop: (() => void)[] = [];
  #viewport: Viewport;
  #layout: Layout;
  #selection: Selection | undefined;
  #frame: number | undefined;

  constructor(
    elements: TimelineElements,
    shown: {
      readonly run: RunDescription;
      readonly table: SpanTable;
      readonly untilNs?: number | undefined;
      readonly rowHeight?: number | undefined;
    },
    onSelect: (place: SelectionPlace | undefined) => void,
  ) {
    this.#elements = elements;
    this.#table = shown.table;
    this.#onSelect = onSelect;
    this.#painter = new Painter(contextOf(elements.canvas, false), shown.table, shown.run.nsPerStep);
    this.#overlayContext = contextOf(elements.overlay, true);
    this.#endNs = Math.max(endOf(shown.table), shown.untilNs ?? 0);
    this.#rowHeight = shown.rowHeight;
    this.#viewport = within({ fromNs: 0, toNs: this.#endNs }, this.#endNs);
    this.#layout = this.#measure();
    this.#drawNow();
    performance.mark('timeline-drawn');
    const resized = new ResizeObserver(() => this.#isResized() && this.#resize());
    resized.observe(elements.canvas);
    this.#stop.push(() => resized.disconnect());
    this.#stop.push(watchTheme(() => this.#resize()));
  }

  get layout(): Layout {
    return this.#layout;
  }

  dispose(): void {
    for (const stop of this.#stop) stop();
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  fit(): void {
    this.#show({ fromNs: 0, toNs: this.#endNs });
  }

  pan(share: number): void {
    this.#show(panned(this.#viewport, share));
  }

  /** @param x in CSS pixels: what lies there stays there; the middle when absent */
  zoom(factor: number, x = this.#layout.width / 2): void {
    this.#show(zoomed(this.#viewport, factor, nsAt(x, this.#layout, this.#viewport)));
  }

  /** Chooses the span under a point; none where there is none. */
  pick(x: number, y: number): void {
    const row = rowAt(y, this.#layout);
    const at = (x: number): number => nsAt(x, this.#layout, this.#viewport);
    const span = row === undefined ? undefined : this.#spanIn(row, at(x), at(TOLERANCE) - at(0));
    this.#select(row === undefined || span === undefined ? undefined : { row, span }, x);
  }

  clear(): void {
    this.#select(undefined);
  }

  /** Chooses a neighbour: along the row, or in another row at the same time. The view follows. */
  step(spans: number, rows: number): void {
    const chosen = this.#selection;
    const row = chosen ? clamped(chosen.row + rows, this.#table.rows.length) : 0;
    const to = this.#table.rows[row];
    if (to === undefined || to.kind.length === 0) return;
    const centre = chosen
      ? centreOf(this.#table.rows[chosen.row]!, chosen.span)
      : (this.#viewport.fromNs + this.#viewport.toNs) / 2;
    const near = row === chosen?.row ? chosen.span : (this.#spanIn(row, centre, Infinity) ?? 0);
    const span = clamped(near + (chosen ? spans : 0), to.kind.length);
    this.#reveal(to.startNs[span]!, to.endNs[span]!);
    this.#select({ row, span });
  }

  #spanIn(row: number, ns: number, toleranceNs: number): number | undefined {
    const found = this.#table.rows[row];
    return found && spanAt(found, ns, toleranceNs);
  }

  #reveal(startNs: number, endNs: number): void {
    const { fromNs, toNs } = this.#viewport;
    if (startNs >= fromNs && endNs <= toNs) return;
    const half = Math.max(toNs - fromNs, endNs - startNs) / 2;
    const centre = (startNs + endNs) / 2;
    this.#show({ fromNs: centre - half, toNs: centre + half });
  }

  #select(selection: Selection | undefined, x?: number): void {
    this.#selection = selection;
    this.#draw();
    if (selection === undefined) return this.#onSelect(undefined);
    const row = this.#table.rows[selection.row]!;
    const { fromNs, toNs } = this.#viewport;
    const at = x ?? ((centreOf(row, selection.span) - fromNs) / (toNs - fromNs)) * this.#layout.width;
    const { axisHeight, rowHeight, width } = this.#layout;
    const y = axisHeight + (selection.row + 1) * rowHeight;
    this.#onSelect({ ...selection, x: Math.max(0, Math.min(width, at)), y });
  }

  #show(viewport: Viewport): void {
    this.#viewport = within(viewport, this.#endNs);
    this.#draw();
  }

  #measure(): Layout {
    const width = Math.max(1, this.#elements.canvas.clientWidth);
    const layout = layoutFor(width, this.#table.rows.length, devicePixelRatio, this.#rowHeight);
    for (const canvas of [this.#elements.canvas, this.#elements.overlay]) {
      canvas.width = Math.round(width * layout.pixelRatio);
      canvas.height = Math.round(heightOf(layout) * layout.pixelRatio);
      canvas.style.height = `${heightOf(layout)}px`;
    }
    return layout;
  }

  /** Observers call once at the beginning too, when everything has just been drawn. */
  #isResized(): boolean {
    const { width, pixelRatio } = this.#layout;
    return pixelRatio !== devicePixelRatio || width !== Math.max(1, this.#elements.canvas.clientWidth);
  }

  /** At once: a canvas that has got another size is empty, and paper does not wait for a frame. */
  #resize(): void {
    this.#layout = this.#measure();
    this.#drawNow();
  }

  #draw(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    this.#painter.draw(this.#layout, this.#viewport);
    drawOverlay(this.#overlayContext, this.#table, this.#layout, this.#viewport, this.#selection);
  }
}

function centreOf({ startNs, endNs }: SpanRow, span: number): number {
  return (startNs[span]! + endNs[span]!) / 2;
}

/** The index that is nearest among so many. */
function clamped(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}

function contextOf(canvas: HTMLCanvasElement, alpha: boolean): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { alpha });
  if (context === null) throw new Error('this browser gives no 2d canvas');
  return context;
}
