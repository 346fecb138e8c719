import { matmulByFours, matmulInBlocks, matmulSideBySide } from 'ipu-pipeline/internals';
import { kernel, type Candidate } from './gpu-js-candidate.js';

/** Four numbers to a cell, which is as many as gpu.js lets one return. */
export const FOUR_OUTPUTS: readonly Candidate[] = [
  {
    name: 'four rows to a cell',
    weights: 'as stored',
    result: 'quads',
    kernel: kernel(4, function (x, weight, bias) {
      let at = 0;
      let atWeight = 0;
      at++;
      atWeight++;
      at = this.thread.y * 4 * this.constants.inputs!;
      atWeight = this.thread.x * this.constants.inputs!;
      let sum0 = bias[this.thread.x]!;
      let sum1 = bias[this.thread.x]!;
      let sum2 = bias[this.thread.x]!;
      let sum3 = bias[this.thread.x]!;
      for (let k = 0; k < this.constants.inputs!; k++) {
        const w = weight[atWeight]!;
        sum0 += x[at]! * w;
        sum1 += x[at + this.constants.inputs!]! * w;
        sum2 += x[at + this.constants.inputs! * 2]! * w;
        sum3 += x[at + this.constants.inputs! * 3]! * w;
        at++;
        atWeight++;
      }
      return [sum0, sum1, sum2, sum3];
    }),
  },
  {
    name: 'four rows to a cell, transposed',
    weights: 'transposed',
    result: 'quads',
    kernel: kernel(4, function (x, weight, bias) {
      let at = 0;
      let atWeight = 0;
      at++;
      atWeight++;
      at = this.thread.y * 4 * this.constants.inputs!;
      atWeight = this.thread.x;
      let sum0 = bias[this.thread.x]!;
      let sum1 = bias[this.thread.x]!;
      let sum2 = bias[this.thread.x]!;
      let sum3 = bias[this.thread.x]!;
      for (let k = 0; k < this.constants.inputs!; k++) {
        const w = weight[atWeight]!;
        sum0 += x[at]! * w;
        sum1 += x[at + this.constants.inputs!]! * w;
        sum2 += x[at + this.constants.inputs! * 2]! * w;
        sum3 += x[at + this.constants.inputs! * 3]! * w;
        at++;
        atWeight += this.constants.outputs!;
      }
      return [sum0, sum1, sum2, sum3];
    }),
  },
  {
    name: 'four rows to a cell, panels',
    weights: 'panels',
    result: 'quads',
    kernel: kernel(4, function (x, weight, bias) {
      let at = 0;
      let atWeight = 0;
      at++;
      atWeight++;
      at = this.thread.y * 4 * this.constants.inputs!;
      // Four outputs side by side: what one SIMD step fetches is one piece of memory.
      atWeight = (this.thread.x >> 2) * 4 * this.constants.inputs! + (this.thread.x & 3);
      let sum0 = bias[this.thread.x]!;
      let sum1 = bias[this.thread.x]!;
      let sum2 = bias[this.thread.x]!;
      let sum3 = bias[this.thread.x]!;
      for (let k = 0; k < this.constants.inputs!; k++) {
        const w = weight[atWeight]!;
        sum0 += x[at]! * w;
        sum1 += x[at + this.constants.inputs!]! * w;
        sum2 += x[at + this.constants.inputs! * 2]! * w;
        sum3 += x[at + this.constants.inputs! * 3]! * w;
        at++;
        atWeight += 4;
      }
      return [sum0, sum1, sum2, sum3];
    }),
  },
  {
    name: 'four outputs to a cell, lanes are rows',
    weights: 'as stored',
    result: 'column quads',
    kernel: kernel(4, function (x, weight, bias) {
      let at = 0;
      let atWeight = 0;
      at++;
      atWeight++;
      at = this.thread.x * this.constants.inputs!;
      atWeight = this.thread.y * 4 * this.constants.inputs!;
      let sum0 = bias[this.thread.y * 4]!;
      let sum1 = bias[this.thread.y * 4 + 1]!;
      let sum2 = bias[this.thread.y * 4 + 2]!;
      let sum3 = bias[this.thread.y * 4 + 3]!;
      for (let k = 0; k < this.constants.inputs!; k++) {
        const value = x[at]!;
        sum0 += weight[atWeight]! * value;
        sum1 += weight[atWeight + this.constants.inputs!]! * value;
        sum2 += weight[atWeight + this.constants.inputs! * 2]! * value;
        sum3 += weight[atWeight + this.constants.inputs! * 3]! * value;
        at++;
        atWeight++;
      }
      return [sum0, sum1, sum2, sum3];
    }),
  },
  {
    name: '2 rows × 2 outputs to a cell, k by 4',
    weights: 'as stored',
    result: 'blocks',
    kernel: kernel(4, function (x, weight, bias) {
      let at = 0;
      let atWeight = 0;
      at++;
      atWeight++;
      at = this.thread.y * 2 * this.constants.inputs!;
      atWeight = this.thread.x * 2 * this.constants.inputs!;
      let sum0 = bias[this.thread.x * 2]!;
      let sum1 = bias[this.thread.x * 2 + 1]!;
      let sum2 = bias[this.thread.x * 2]!;
      let sum3 = bias[this.thread.x * 2 + 1]!;
      for (let k = 0; k < this.constants.fours!; k++) {
        const a = x[at]!;
        const b = x[at + 1]!;
        const c = x[at + 2]!;
        const d = x[at + 3]!;
        at += this.constants.inputs!;
        const e = x[at]!;
        const f = x[at + 1]!;
        const g = x[at + 2]!;
        const h = x[at + 3]!;
        at += 4 - this.constants.inputs!;
        const p = weight[atWeight]!;
        const q = weight[atWeight + 1]!;
        const r = weight[atWeight + 2]!;
        const s = weight[atWeight + 3]!;
        sum0 += a * p + b * q + (c * r + d * s);
        sum2 += e * p + f * q + (g * r + h * s);
        atWeight += this.constants.inputs!;
        const t = weight[atWeight]!;
        const u = weight[atWeight + 1]!;
        const v = weight[atWeight + 2]!;
        const w = weight[atWeight + 3]!;
        sum1 += a * t + b * u + (c * v + d * w);
        sum3 += e * t + f * u + (g * v + h * w);
        atWeight += 4 - this.constants.inputs!;
      }
      return [sum0, sum1, sum2, sum3];
    }),
  },
  {
    name: 'four rows to a cell, k by 4, transposed',
    weights: 'transposed',
    result: 'quads',
    kernel: kernel(4, function (x, weight, bias) {
      let at = 0;
      let atWeight = 0;
      at++;
      atWeight++;
      at = this.thread.y * 4 * this.constants.inputs!;
      atWeight = this.thread.x;
      let sum0 = bias[this.thread.x]!;
      let sum1 = bias[this.thread.x]!;
      let sum2 = bias[this.thread.x]!;
      let sum3 = bias[this.thread.x]!;
      for (let k = 0; k < this.constants.fours!; k++) {
        const a = weight[atWeight]!;
        const b = weight[atWeight + this.constants.outputs!]!;
        const c = weight[atWeight + this.constants.outputs! * 2]!;
        const d = weight[atWeight + this.constants.outputs! * 3]!;
        sum0 += x[at]! * a + x[at + 1]! * b + (x[at + 2]! * c + x[at + 3]! * d);
        at += this.constants.inputs!;
        sum1 += x[at]! * a + x[at + 1]! * b + (x[at + 2]! * c + x[at + 3]! * d);
        at += this.constants.inputs!;
        sum2 += x[at]! * a + x[at + 1]! * b + (x[at + 2]! * c + x[at + 3]! * d);
        at += this.constants.inputs!;
        sum3 += x[at]! * a + x[at + 1]! * b + (x[at + 2]! * c + x[at + 3]! * d);
        at += 4 - this.constants.inputs! * 3;
        atWeight += this.constants.outputs! * 4;
      }
      return [sum0, sum1, sum2, sum3];
    }),
  },
  {
    name: 'the same, 64 outputs to a workgroup',
    weights: 'transposed',
    result: 'quads',
    flat: true,
    takenBy: ['webgpu'],
    kernel: matmulSideBySide,
  },
  {
    name: 'four rows to a cell, k by 4, panels',
    weights: 'panels',
    result: 'quads',
    takenBy: ['cpu'],
    kernel: matmulByFours,
  },
  {
    name: 'four rows to a cell, panels, sums of sums',
    weights: 'panels',
    result: 'quads',
    takenBy: ['webasm'],
    kernel: matmulInBlocks,
  },
];
