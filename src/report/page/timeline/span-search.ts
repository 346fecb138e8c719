import { bisectRight } from 'd3-array';
import type { SpanRow } from '../../../observe/span-table.js';

/** Index of the first span that ends after a moment; the number of spans when there is none. */
export function firstEndingAfter({ endNs }: SpanRow, ns: number): number {
  return bisectRight(endNs, ns);
}

/** Index of the span at a moment; the nearest within some nanoseconds, because thin ones are hard to meet. */
export function spanAt(row: SpanRow, ns: number, toleranceNs: number): number | undefined {
  const at = firstEndingAfter(row, ns);
  if (at < row.kind.length && row.startNs[at]! <= ns) return at;
  const [before, after] = [at - 1, at];
  const gapBefore = before >= 0 ? ns - row.endNs[before]! : Infinity;
  const gapAfter = after < row.kind.length ? row.startNs[after]! - ns : Infinity;
  if (Math.min(gapBefore, gapAfter) > toleranceNs) return undefined;
  return gapBefore < gapAfter ? before : after;
}
