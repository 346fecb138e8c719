import { isWaiting } from '../../../observe/activity.js';
import type { SpanRow, SpanTable } from '../../../observe/span-table.js';
import { firstEndingAfter } from './span-search.js';
import type { Viewport } from './viewport.js';

/** Takes the rectangles of a row from left to right, in whole device pixels. */
export interface RowSink {
  /** One span. @param at its index in the row */
  span(kind: number, x: number, width: number, at: number): void;
  /** Many spans. @param work,wait the kinds that took most time; -1 where there was none @param share of work */
  merged(work: number, wait: number, share: number, x: number, width: number): void;
}

/** Device pixels into which spans too thin to see are put together. */
const BUCKET = 2;

/** Cuts a row into rectangles, at most two for each two pixels however many spans there are. */
export function rowRectangles(
  table: SpanTable,
  row: SpanRow,
  { fromNs, toNs }: Viewport,
  deviceWidth: number,
  sink: RowSink,
): void {
  const scale = deviceWidth / (toNs - fromNs);
  const bucket = new Bucket(table, sink);
  for (let at = firstEndingAfter(row, fromNs); at < row.kind.length && row.startNs[at]! < toNs; at++) {
    const left = Math.max(0, (row.startNs[at]! - fromNs) * scale);
    const right = Math.min(deviceWidth, (row.endNs[at]! - fromNs) * scale);
    if (right - left < BUCKET) {
      bucket.add(row.kind[at]!, left, right);
      continue;
    }
    bucket.flush();
    const x = Math.round(left);
    sink.span(row.kind[at]!, x, Math.max(1, Math.round(right) - x), at);
  }
  bucket.flush();
}

class Bucket {
  readonly #sink: RowSink;
  readonly #isWait: readonly boolean[];
  readonly #widths: Float64Array;
  #column = -1;
  #left = 0;
  #right = 0;

  constructor({ kinds }: SpanTable, sink: RowSink) {
    this.#sink = sink;
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
    let [work, wait, worked, waited] = [-1, -1, 0, 0];
    for (let kind = 0; kind < this.#widths.length; kind++) {
      const width = this.#widths[kind]!;
      if (width === 0) continue;
      if (this.#isWait[kind]) {
        waited += width;
        if (wait < 0 || width > this.#widths[wait]!) wait = kind;
      } else {
        worked += width;
        if (work < 0 || width > this.#widths[work]!) work = kind;
      }
    }
    const x = Math.floor(this.#left);
    this.#sink.merged(work, wait, worked / (worked + waited), x, Math.max(1, Math.ceil(this.#right) - x));
    this.#widths.fill(0);
  }
}
