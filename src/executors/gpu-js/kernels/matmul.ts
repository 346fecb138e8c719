import type { KernelDefinition, KernelThread } from './definition.js';

/**
 * `x · Wᵀ + bias`: x `[rows, inputs]`, W `[outputs, inputs]` as PyTorch stores it, bias `[outputs]`.
 *
 * A cell (output x, group y) computes four rows, since what costs is to fetch numbers: a weight that was fetched is
 * used four times. Four inputs are summed before they join the sum over all, which halves its rounding error. The
 * result is in **quads**, `[rows / 4, outputs, 4]`: the element of a row and a column is at
 * `((row >> 2) * outputs + column) * 4 + (row & 3)`. Rows past the last one repeat it.
 *
 * Cells: `[outputs, rows / 4]`. Constants: `matmulConstants`. Chosen by `bench/gpu-js-matmul.ts`, see
 * docs/executors.md.
 */
export const matmul: KernelDefinition = {
  name: 'matmul',
  family: 'matmul',
  arguments: { x: 'Array', weight: 'Array', bias: 'Array', rows: 'Integer' },
  outputsPerCell: 4,
  source: function (this: KernelThread, x: number[], weight: number[], bias: number[], rows: number) {
    // Running indices, nothing is multiplied within the loop; `++` makes integers of them (definition.ts).
    let at0 = 0;
    let at1 = 0;
    let at2 = 0;
    let at3 = 0;
    let atWeight = 0;
    at0++;
    at1++;
    at2++;
    at3++;
    atWeight++;
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
    atWeight = this.thread.x * this.constants.inputs!;
    let sum0 = bias[this.thread.x]!;
    let sum1 = bias[this.thread.x]!;
    let sum2 = bias[this.thread.x]!;
    let sum3 = bias[this.thread.x]!;
    for (let k = 0; k < this.constants.fours!; k++) {
      const a = weight[atWeight]!;
      const b = weight[atWeight + 1]!;
      const c = weight[atWeight + 2]!;
      const d = weight[atWeight + 3]!;
      sum0 += x[at0]! * a + x[at0 + 1]! * b + (x[at0 + 2]! * c + x[at0 + 3]! * d);
      sum1 += x[at1]! * a + x[at1 + 1]! * b + (x[at1 + 2]! * c + x[at1 + 3]! * d);
      sum2 += x[at2]! * a + x[at2 + 1]! * b + (x[at2 + 2]! * c + x[at2 + 3]! * d);
      sum3 += x[at3]! * a + x[at3 + 1]! * b + (x[at3 + 2]! * c + x[at3 + 3]! * d);
      at0 += 4;
      at1 += 4;
      at2 += 4;
      at3 += 4;
      atWeight += 4;
    }
    for (let k = 0; k < this.constants.rest!; k++) {
      const a = weight[atWeight + k]!;
      sum0 += x[at0 + k]! * a;
      sum1 += x[at1 + k]! * a;
      sum2 += x[at2 + k]! * a;
      sum3 += x[at3 + k]! * a;
    }
    return [sum0, sum1, sum2, sum3];
  },
};

/** @param inputs of the layer: any number, four at a time and what is left. */
export function matmulConstants(inputs: number): Readonly<Record<string, number>> {
  return { inputs, fours: Math.floor(inputs / 4), rest: inputs % 4 };
}
