import { kernel, type Candidate } from './gpu-js-candidate.js';

/** One number to a cell. The first is what the others are compared with. */
export const ONE_OUTPUT: readonly Candidate[] = [
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
];
