import { isWaiting } from '../../report/activity.js';
import type { SpanRow, SpanTable } from '../../report/span-table.js';
import { firstEndingAfter } from './span-search.js';
import type { Viewport } from './viewport.js';

/** A rectangle of one kind within a row: device pixels across, shares of the row's height. */
export type OnRectangle = (
  kind: number,
  x: number,
  width: number,
  top: number,
  bottom: number,
  span: number,
) => void;

/** Device pixels into which spans too thin to see are put together. */
const BUCKET = 2;

/** What became of many spans: no single one. */
export const MERGED = -1;

/**
 * Cuts a row into rectangles, at most two for each two pixels however many spans there are. Spans that are thinner
 * are put together: the share of work fills the column from below in the colour of the work that took most of it.
 */
export function rowRectangles(
  table: SpanTable,
  row: SpanRow,
  { fromNs, toNs }: Viewport,
  deviceWidth: number,
  emit: OnRectangle,
): void {
  const scale = deviceWidth / (toNs - fromNs);
  const bucket = new Bucket(table, emit);
  for (let at = firstEndingAfter(row, fromNs); at < row.kind.length && row.startNs[at]! < toNs; at++) {
    const left = Math.max(0, (row.startNs[at]! - fromNs) * scale);
    const right = Math.min(deviceWidth, (row.endNs[at]! - fromNs) * scale);
    if (right - left < BUCKET) {
      bucket.add(row.kind[at]!, left, right);
      continue;
    }
    bucket.flush();
    const x = Math.round(left);
    emit(row.kind[at]!, x, Math.max(1, Math.round(right) - x), 0, 1, at);
  }
  bucket.flush();
}

class Bucket {
  readonly #emit: OnRectangle;
  readonly #isWait: readonly boolean[];
  readonly #widths: Float64Array;
  #column = -1;
  #left = 0;
  #right = 0;

  constructor({ kinds }: SpanTable, emit: OnRectangle) {
    this.#emit = emit;
    this.#isWait = kinds.map(({ activity }) => isWaiting(activity));
    this.#widths = new Float64Array(kinds.length);
  }

  add(kind: number, left: number, right: number): void {
    const column = Math.floor(left / BUCKET);
    if (column !== this.#column) {
      this.flush();
      this.#column = column;
      this.#left = left;
    }
    this.#right = right;
    this.#widths[kind]! += Math.max(right - left, 1e-9);
  }

  flush(): void {
    if (this.#column < 0) return;
    this.#column = -1;
    const work = this.#largest(false);
    const wait = this.#largest(true);
    const share = work.sum / (work.sum + wait.sum);
    const x = Math.floor(this.#left);
    const width = Math.max(1, Math.ceil(this.#right) - x);
    if (wait.kind >= 0) this.#emit(wait.kind, x, width, 0, 1 - share, MERGED);
    if (work.kind >= 0) this.#emit(work.kind, x, width, 1 - share, 1, MERGED);
    this.#widths.fill(0);
  }

  #largest(waiting: boolean): { readonly kind: number; readonly sum: number } {
    let [kind, most, sum] = [-1, 0, 0];
    for (let at = 0; at < this.#widths.length; at++) {
      const width = this.#widths[at]!;
      if (this.#isWait[at] !== waiting || width === 0) continue;
      sum += width;
      if (width > most) [kind, most] = [at, width];
    }
    return { kind, sum };
  }
}
