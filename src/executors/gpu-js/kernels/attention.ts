import { kernel } from './definition.js';

/**
 * Attention over fused projections `qkv`, in quads (matmul.ts) of `[batch · sequence, 3 · hidden]`: query, key and
 * value side by side. Cells have z = batch · heads + head. Constants: hidden, heads, headSize.
 */

/**
 * Scores `query · key / √headSize`, in quads of four queries, `[batch · heads, ⌈sequence / 4⌉, sequence, 4]`.
 * Keys that are masked get −10³⁸ instead: upstream adds float32's lowest value, which swallows the score, so that a
 * row with no real position attends to all alike, and so it does here.
 *
 * Cells: `[sequence (key), ⌈sequence / 4⌉ (queries), batch · heads]`. The mask stands in `input` from `maskAt`.
 */
export const attentionScores = kernel({
  name: 'attention scores',
  family: 'matmul',
  arguments: ['Array', 'Array', 'Integer', 'Integer'],
  outputsPerCell: 4,
  source: function (qkv, input, maskAt, sequence) {
    // Rows are counted in float32, which is exact for as many as fit into memory; places in arrays are not.
    const batch = Math.floor((this.thread.z + 0.5) / this.constants.heads!);
    const first = batch * sequence;
    const last = first + sequence - 1;
    const row0 = first + this.thread.y * 4;
    const row1 = Math.min(row0 + 1, last);
    const row2 = Math.min(row0 + 2, last);
    const row3 = Math.min(row0 + 3, last);
    let column = 0;
    column++;
    column = (this.thread.z - batch * this.constants.heads!) * this.constants.headSize!;
    let at0 = 0;
    let at1 = 0;
    let at2 = 0;
    let at3 = 0;
    let atKey = 0;
    at0++;
    at1++;
    at2++;
    at3++;
    atKey++;
    at0 = ((row0 >> 2) * this.constants.hidden! * 3 + column) * 4 + (row0 & 3);
    at1 = ((row1 >> 2) * this.constants.hidden! * 3 + column) * 4 + (row1 & 3);
    at2 = ((row2 >> 2) * this.constants.hidden! * 3 + column) * 4 + (row2 & 3);
    at3 = ((row3 >> 2) * this.constants.hidden! * 3 + column) * 4 + (row3 & 3);
    atKey =
      (((first + this.thread.x) >> 2) * this.constants.hidden! * 3 + this.constants.hidden! + column) * 4 +
      ((first + this.thread.x) & 3);
    const scale = 1.0 / Math.sqrt(this.constants.headSize!);
    let sum0 = 0.0;
    let sum1 = 0.0;
    let sum2 = 0.0;
    let sum3 = 0.0;
    for (let k = 0; k < this.constants.headSize!; k++) {
      const key = qkv[atKey]!;
      sum0 += qkv[at0]! * key;
      sum1 += qkv[at1]! * key;
      sum2 += qkv[at2]! * key;
      sum3 += qkv[at3]! * key;
      at0 += 4;
      at1 += 4;
      at2 += 4;
      at3 += 4;
      atKey += 4;
    }
    // After the sum, as upstream does; within the loop it would halve the speed of webasm.
    sum0 = sum0 * scale;
    sum1 = sum1 * scale;
    sum2 = sum2 * scale;
    sum3 = sum3 * scale;
    if (input[maskAt + first + this.thread.x]! < 0.5) {
      sum0 = -1e38;
      sum1 = -1e38;
      sum2 = -1e38;
      sum3 = -1e38;
    }
    return [sum0, sum1, sum2, sum3];
  },
});

/**
 * Σ weights · value, in quads of four queries, `[batch · heads, ⌈sequence / 4⌉, headSize, 4]`; the weights are not
 * yet divided by their sum. Cells: `[headSize, ⌈sequence / 4⌉, batch · heads]`.
 */
export const attentionContext = kernel({
  name: 'attention context',
  family: 'matmul',
  arguments: ['Array', 'Array', 'Integer'],
  outputsPerCell: 4,
  source: function (weights, qkv, sequence) {
    let batch = 0;
    batch = Math.floor((this.thread.z + 0.5) / this.constants.heads!);
    let quads = 0;
    quads++;
    quads = (sequence + 3) >> 2;
    let at = 0;
    at++;
    at = (this.thread.z * quads + this.thread.y) * sequence * 4;
    let row = 0;
    row = batch * sequence;
    let atValue = 0;
    atValue =
      ((row >> 2) * this.constants.hidden! * 3 +
        (this.thread.z - batch * this.constants.heads!) * this.constants.headSize! +
        this.constants.hidden! * 2 +
        this.thread.x) *
        4 +
      (row & 3);
    let sum0 = 0.0;
    let sum1 = 0.0;
    let sum2 = 0.0;
    let sum3 = 0.0;
    for (let k = 0; k < sequence; k++) {
      const value = qkv[atValue]!;
      sum0 += weights[at]! * value;
      sum1 += weights[at + 1]! * value;
      sum2 += weights[at + 2]! * value;
      sum3 += weights[at + 3]! * value;
      at += 4;
      row++;
      atValue++;
      // From the last row of a quad to the first of the next.
      if ((row & 3) === 0) atValue += this.constants.hidden! * 12 - 4;
    }
    return [sum0, sum1, sum2, sum3];
  },
});

/** Heads side by side again, `[rows, hidden]`, each divided by the sum of its weights. Cells: `[hidden, rows]`. */
export const mergeHeads = kernel({
  name: 'merge heads',
  family: 'other',
  arguments: ['Array', 'Array', 'Integer'],
  source: function (context, sums, sequence) {
    let batch = 0;
    batch = Math.floor((this.thread.y + 0.5) / sequence);
    let position = 0;
    position++;
    position = this.thread.y - batch * sequence;
    let head = 0;
    head++;
    head = Math.floor((this.thread.x + 0.5) / this.constants.headSize!);
    let z = 0;
    z++;
    z = batch * this.constants.heads! + head;
    let at = 0;
    at++;
    at =
      ((z * ((sequence + 3) >> 2) + (position >> 2)) * this.constants.headSize! +
        (this.thread.x - head * this.constants.headSize!)) *
        4 +
      (position & 3);
    return context[at]! / sums[z * sequence + position]!;
  },
});
