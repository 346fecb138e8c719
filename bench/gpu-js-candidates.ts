import { matmul, matmulConstants, type KernelDefinition, type KernelThread } from 'ipu-pipeline';

/** A way to write x · Wᵀ + bias as a kernel. */
export interface Candidate {
  readonly name: string;
  readonly kernel: KernelDefinition;
  /** How W `[outputs, inputs]` must lie. */
  readonly weights: 'as stored' | 'transposed' | 'panels';
  /** Where the result of a row and a column is: `quads` as src/executors/gpu-js/kernels/matmul.ts describes. */
  readonly result: 'rows' | 'quads' | 'column quads';
}

const ARGUMENTS = { x: 'Array', weight: 'Array', bias: 'Array' } as const;
type Source = (this: KernelThread, x: number[], weight: number[], bias: number[]) => unknown;

function kernel(outputsPerCell: 1 | 4, source: Source): KernelDefinition {
  const untyped = source as KernelDefinition['source'];
  return { name: 'candidate', family: 'matmul', arguments: ARGUMENTS, outputsPerCell, source: untyped };
}

/** Sizes that kernels have as constants; rows are a multiple of 4 here, which the chosen kernel does not need. */
export function constants(inputs: number, outputs: number): Readonly<Record<string, number>> {
  return { ...matmulConstants(inputs), outputs };
}

export const CANDIDATES: readonly Candidate[] = [
  {
    name: 'naive: one output to a cell',
    weights: 'as stored',
    result: 'rows',
    kernel: kernel(1, function (x, weight, bias) {
      let sum = bias[this.thread.x]!;
      for (let k = 0; k < this.constants.inputs!; k++) {
        sum +=
          x[this.thread.y * this.constants.inputs! + k]! *
          weight[this.thread.x * this.constants.inputs! + k]!;
      }
      return sum;
    }),
  },
  {
    name: 'transposed weights',
    weights: 'transposed',
    result: 'rows',
    kernel: kernel(1, function (x, weight, bias) {
      let sum = bias[this.thread.x]!;
      for (let k = 0; k < this.constants.inputs!; k++) {
        sum +=
          x[this.thread.y * this.constants.inputs! + k]! *
          weight[k * this.constants.outputs! + this.thread.x]!;
      }
      return sum;
    }),
  },
  {
    name: 'running indices',
    weights: 'as stored',
    result: 'rows',
    kernel: kernel(1, function (x, weight, bias) {
      let sum = bias[this.thread.x]!;
      let at = 0;
      let atWeight = 0;
      at++;
      atWeight++;
      at = this.thread.y * this.constants.inputs!;
      atWeight = this.thread.x * this.constants.inputs!;
      for (let k = 0; k < this.constants.inputs!; k++) {
        sum += x[at]! * weight[atWeight]!;
        at++;
        atWeight++;
      }
      return sum;
    }),
  },
  {
    name: 'k by 4',
    weights: 'as stored',
    result: 'rows',
    kernel: kernel(1, function (x, weight, bias) {
      let sum = bias[this.thread.x]!;
      let at = 0;
      let atWeight = 0;
      at++;
      atWeight++;
      at = this.thread.y * this.constants.inputs!;
      atWeight = this.thread.x * this.constants.inputs!;
      for (let k = 0; k < this.constants.fours!; k++) {
        sum +=
          x[at]! * weight[atWeight]! +
          x[at + 1]! * weight[atWeight + 1]! +
          (x[at + 2]! * weight[atWeight + 2]! + x[at + 3]! * weight[atWeight + 3]!);
        at += 4;
        atWeight += 4;
      }
      return sum;
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
  { name: 'four rows to a cell, k by 4 (taken)', weights: 'as stored', result: 'quads', kernel: matmul },
];
