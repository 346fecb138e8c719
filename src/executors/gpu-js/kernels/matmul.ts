import type { KernelDefinition, KernelThread } from './definition.js';

/**
 * `x · Wᵀ + bias`: x `[rows, inputs]`, W `[outputs, inputs]` as PyTorch stores it, bias `[outputs]`.
 *
 * A cell (output x, group y) computes four rows, since what costs is to fetch numbers: a weight that was fetched is
 * used four times. The result is in **quads**, `[rows / 4, outputs, 4]`: the element of a row and a column is at
 * `((row >> 2) * outputs + column) * 4 + (row & 3)`. Rows past the last one repeat it.
 *
 * Cells: `[outputs, rows / 4]`. Constants: inputs, outputs. Chosen in docs/executors.md, `bench/gpu-js-matmul.ts`.
 */
export const matmul: KernelDefinition = {
  name: 'matmul',
  family: 'matmul',
  arguments: { x: 'Array', weight: 'Array', bias: 'Array', rows: 'Integer' },
  outputsPerCell: 4,
  source: function (this: KernelThread, x: number[], weight: number[], bias: number[], rows: number) {
    let row1 = 0;
    let row2 = 0;
    let row3 = 0;
    row1 = this.thread.y * 4 + 1;
    row2 = this.thread.y * 4 + 2;
    row3 = this.thread.y * 4 + 3;
    if (row1 >= rows) row1 = rows - 1;
    if (row2 >= rows) row2 = rows - 1;
    if (row3 >= rows) row3 = rows - 1;
    // Running indices: nothing is multiplied within the loop.
    let at0 = 0;
    let at1 = 0;
    let at2 = 0;
    let at3 = 0;
    let atWeight = 0;
    at0 = this.thread.y * 4 * this.constants.inputs!;
    at1 = row1 * this.constants.inputs!;
    at2 = row2 * this.constants.inputs!;
    at3 = row3 * this.constants.inputs!;
    atWeight = this.thread.x * this.constants.inputs!;
    let sum0 = bias[this.thread.x]!;
    let sum1 = bias[this.thread.x]!;
    let sum2 = bias[this.thread.x]!;
    let sum3 = bias[this.thread.x]!;
    for (let k = 0; k < this.constants.inputs!; k++) {
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
    }
    return [sum0, sum1, sum2, sum3];
  },
};
