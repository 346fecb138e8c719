import { kernel } from './definition.js';

/**
 * `x · Wᵀ + bias`: x `[rows, inputs]`, W `[outputs, inputs]`, bias `[outputs]`.
 *
 * A cell (output x, group y) computes four rows, since what costs is to fetch numbers: a weight that was fetched is
 * used four times. The result is in **quads**, `[rows / 4, outputs, 4]`: the element of a row and a column is at
 * `((row >> 2) * outputs + column) * 4 + (row & 3)`. Rows past the last one repeat it.
 *
 * W lies in **panels** (weight-panels.ts), so that what neighbouring cells fetch at once is one piece of memory:
 * `[outputs / 4, inputs, 4]`, or one panel of all outputs, `[inputs, outputs]`.
 *
 * Cells: `[outputs, rows / 4]`, or all in one row. Constants: `matmulConstants`. Which of the three a mode takes was
 * chosen by `bench/gpu-js-matmul.ts` (matmul-forms.ts, docs/gpu-js.md). In all of them a sum over all inputs is a sum of
 * sums: added one by one to a growing sum, products lose so many bits that BERT's results are further from upstream's
 * than they may be.
 */
const MATMUL = {
  name: 'matmul',
  family: 'matmul',
  arguments: ['Array', 'Array', 'Array', 'Integer'],
  outputsPerCell: 4,
} as const;

/** One product a step, in blocks of about as many inputs as there are blocks, each summed by itself. */
export const matmulInBlocks = kernel({
  ...MATMUL,
  source: function (x, weight, bias, rows) {
    // Running indices, nothing is multiplied within the loop; `++` makes integers of them (definition.ts).
    let at0 = 0;
    let at1 = 0;
    let at2 = 0;
    let at3 = 0;
    let atWeight = 0;
    at0 = this.thread.y * 4;
    at1 = at0 + 1;
    at2 = at0 + 2;
    at3 = at0 + 3;
    if (at1 >= rows) at1 = rows - 1;
    if (at2 >= rows) at2 = rows - 1;
    if (at3 >= rows) at3 = rows - 1;
    at0 = at0 * this.constants.inputs!;
    at1 = at1 * this.constants.inputs!;
    at2 = at2 * this.constants.inputs!;
    at3 = at3 * this.constants.inputs!;
    atWeight = (this.thread.x >> 2) * this.constants.inputs! * 4 + (this.thread.x & 3);
    let sum0 = 0.0;
    let sum1 = 0.0;
    let sum2 = 0.0;
    let sum3 = 0.0;
    for (let at = 0; at < this.constants.blocks!; at++) {
      let part0 = 0.0;
      let part1 = 0.0;
      let part2 = 0.0;
      let part3 = 0.0;
      for (let k = 0; k < this.constants.block!; k++) {
        const w = weight[atWeight]!;
        part0 += x[at0]! * w;
        part1 += x[at1]! * w;
        part2 += x[at2]! * w;
        part3 += x[at3]! * w;
        at0++;
        at1++;
        at2++;
        at3++;
        atWeight += 4;
      }
      sum0 += part0;
      sum1 += part1;
      sum2 += part2;
      sum3 += part3;
    }
    for (let k = 0; k < this.constants.afterBlocks!; k++) {
      const w = weight[atWeight]!;
      sum0 += x[at0 + k]! * w;
      sum1 += x[at1 + k]! * w;
      sum2 += x[at2 + k]! * w;
      sum3 += x[at3 + k]! * w;
      atWeight++;
      atWeight += 3;
    }
    const added = bias[this.thread.x]!;
    return [sum0 + added, sum1 + added, sum2 + added, sum3 + added];
  },
});

/** Four products a step, summed before they join the sum over all. */
export const matmulByFours = kernel({
  ...MATMUL,
  source: function (x, weight, bias, rows) {
    let at0 = 0;
    let at1 = 0;
    let at2 = 0;
    let at3 = 0;
    let atWeight = 0;
    at0 = this.thread.y * 4;
    at1 = at0 + 1;
    at2 = at0 + 2;
    at3 = at0 + 3;
    if (at1 >= rows) at1 = rows - 1;
    if (at2 >= rows) at2 = rows - 1;
    if (at3 >= rows) at3 = rows - 1;
    at0 = at0 * this.constants.inputs!;
    at1 = at1 * this.constants.inputs!;
    at2 = at2 * this.constants.inputs!;
    at3 = at3 * this.constants.inputs!;
    atWeight = (this.thread.x >> 2) * this.constants.inputs! * 4 + (this.thread.x & 3);
    let sum0 = bias[this.thread.x]!;
    let sum1 = bias[this.thread.x]!;
    let sum2 = bias[this.thread.x]!;
    let sum3 = bias[this.thread.x]!;
    for (let k = 0; k < this.constants.fours!; k++) {
      const a = weight[atWeight]!;
      const b = weight[atWeight + 4]!;
      const c = weight[atWeight + 8]!;
      const d = weight[atWeight + 12]!;
      sum0 += x[at0]! * a + x[at0 + 1]! * b + (x[at0 + 2]! * c + x[at0 + 3]! * d);
      sum1 += x[at1]! * a + x[at1 + 1]! * b + (x[at1 + 2]! * c + x[at1 + 3]! * d);
      sum2 += x[at2]! * a + x[at2 + 1]! * b + (x[at2 + 2]! * c + x[at2 + 3]! * d);
      sum3 += x[at3]! * a + x[at3 + 1]! * b + (x[at3 + 2]! * c + x[at3 + 3]! * d);
      at0 += 4;
      at1 += 4;
      at2 += 4;
      at3 += 4;
      atWeight += 16;
    }
    for (let k = 0; k < this.constants.afterFours!; k++) {
      const w = weight[atWeight]!;
      sum0 += x[at0]! * w;
      sum1 += x[at1]! * w;
      sum2 += x[at2]! * w;
      sum3 += x[at3]! * w;
      at0++;
      at1++;
      at2++;
      at3++;
      atWeight++;
      atWeight += 3;
    }
    return [sum0, sum1, sum2, sum3];
  },
});

/**
 * Four products a step. All cells in one row, x = group of rows · outputs + output: on WebGPU 64 neighbours in a row are
 * a workgroup, which so fetches 64 weights side by side and one number of x for all of them; of cells in a plane it
 * would be 8 × 8. Panels as wide as the matrix.
 */
export const matmulSideBySide = kernel({
  ...MATMUL,
  source: function (x, weight, bias, rows) {
    let group = 0;
    let column = 0;
    column++;
    group = Math.floor((this.thread.x + 0.5) / this.constants.outputs!);
    column = this.thread.x - group * this.constants.outputs!;
    // The quotient is of float32: where there are many cells it may be off by one.
    if (column < 0) {
      group--;
      column += this.constants.outputs!;
    }
    if (column >= this.constants.outputs!) {
      group++;
      column -= this.constants.outputs!;
    }
    const last = rows - 1;
    let at0 = 0;
    let at1 = 0;
    let at2 = 0;
    let at3 = 0;
    at0 = group * 4 * this.constants.inputs!;
    at1 = Math.min(group * 4 + 1, last);
    at2 = Math.min(group * 4 + 2, last);
    at3 = Math.min(group * 4 + 3, last);
    at1 = at1 * this.constants.inputs!;
    at2 = at2 * this.constants.inputs!;
    at3 = at3 * this.constants.inputs!;
    let sum0 = bias[column]!;
    let sum1 = bias[column]!;
    let sum2 = bias[column]!;
    let sum3 = bias[column]!;
    for (let k = 0; k < this.constants.fours!; k++) {
      const a = weight[column]!;
      const b = weight[column + this.constants.outputs!]!;
      const c = weight[column + this.constants.outputs! * 2]!;
      const d = weight[column + this.constants.outputs! * 3]!;
      sum0 += x[at0]! * a + x[at0 + 1]! * b + (x[at0 + 2]! * c + x[at0 + 3]! * d);
      sum1 += x[at1]! * a + x[at1 + 1]! * b + (x[at1 + 2]! * c + x[at1 + 3]! * d);
      sum2 += x[at2]! * a + x[at2 + 1]! * b + (x[at2 + 2]! * c + x[at2 + 3]! * d);
      sum3 += x[at3]! * a + x[at3 + 1]! * b + (x[at3 + 2]! * c + x[at3 + 3]! * d);
      at0 += 4;
      at1 += 4;
      at2 += 4;
      at3 += 4;
      column += this.constants.outputs! * 4;
    }
    for (let k = 0; k < this.constants.afterFours!; k++) {
      const w = weight[column + this.constants.outputs! * k]!;
      sum0 += x[at0]! * w;
      sum1 += x[at1]! * w;
      sum2 += x[at2]! * w;
      sum3 += x[at3]! * w;
      at0++;
      at1++;
      at2++;
      at3++;
    }
    return [sum0, sum1, sum2, sum3];
  },
});

/** @param inputs of the layer: any number. */
export function matmulConstants(inputs: number, outputs: number): Readonly<Record<string, number>> {
  const block = 2 ** Math.round(Math.log2(Math.sqrt(inputs)));
  return {
    ...{ inputs, outputs },
    ...{ fours: Math.floor(inputs / 4), afterFours: inputs % 4 },
    ...{ block, blocks: Math.floor(inputs / block), afterBlocks: inputs % block },
  };
}
