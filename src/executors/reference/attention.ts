import { matrix, softmax, type Matrix } from './matrix.js';

export interface AttentionShape {
  readonly batch: number;
  readonly sequence: number;
  readonly heads: number;
}

/** float32's lowest value, which upstream adds to the scores of masked positions. */
const MASKED = -3.4028234663852886e38;

/**
 * Scaled dot-product attention, head by head: query, key, value and the result are `[batch · sequence, hidden]`,
 * the mask int32 `[batch, sequence]` with 1 where a position is real.
 *
 * Upstream adds the mask to float32 scores, where the lowest value swallows any score: a row with no real position
 * attends to all of them equally. The same happens here in float64 by rounding the sum to float32.
 */
export function attention(
  { query, key, value }: { query: Matrix; key: Matrix; value: Matrix },
  mask: Int32Array,
  { batch, sequence, heads }: AttentionShape,
): Matrix {
  const hidden = query.columns;
  const size = hidden / heads;
  const context = matrix(query.rows, hidden);
  const scores = new Float64Array(sequence);
  for (let b = 0; b < batch; b++) {
    const isReal = mask.subarray(b * sequence, (b + 1) * sequence);
    for (let head = 0; head < heads; head++) {
      for (let s = 0; s < sequence; s++) {
        const at = (b * sequence + s) * hidden + head * size;
        for (let t = 0; t < sequence; t++) {
          const other = (b * sequence + t) * hidden + head * size;
          let dot = 0;
          for (let k = 0; k < size; k++) dot += query.data[at + k]! * key.data[other + k]!;
          const score = dot / Math.sqrt(size);
          scores[t] = isReal[t] === 0 ? Math.fround(score + MASKED) : score;
        }
        softmax(scores);
        for (let t = 0; t < sequence; t++) {
          const other = (b * sequence + t) * hidden + head * size;
          for (let k = 0; k < size; k++) context.data[at + k]! += scores[t]! * value.data[other + k]!;
        }
      }
    }
  }
  return context;
}
