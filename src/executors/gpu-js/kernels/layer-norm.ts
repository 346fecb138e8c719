import type { KernelDefinition, KernelThread } from './definition.js';

/** Layer normalization in two passes over `[rows, hidden]`. Constant: hidden. */

/** A projection in quads (matmul.ts) plus what goes around it, `[rows, hidden]`. Cells: `[hidden, rows]`. */
export const addResidual: KernelDefinition = {
  name: 'residual',
  family: 'other',
  arguments: { projected: 'Array', residual: 'Array' },
  outputsPerCell: 1,
  source: function (this: KernelThread, projected: number[], residual: number[]) {
    return (
      projected[((this.thread.y >> 2) * this.constants.hidden! + this.thread.x) * 4 + (this.thread.y & 3)]! +
      residual[this.thread.y * this.constants.hidden! + this.thread.x]!
    );
  },
};

/** Mean and (biased) variance of each row, `[rows, 2]`; the variance around the mean, not E[x²] − E[x]². Cells: `[rows]`. */
export const rowMoments: KernelDefinition = {
  name: 'row moments',
  family: 'other',
  arguments: { x: 'Array' },
  outputsPerCell: 2,
  source: function (this: KernelThread, x: number[]) {
    let at = 0;
    at = this.thread.x * this.constants.hidden!;
    let sum = 0.0;
    for (let k = 0; k < this.constants.hidden!; k++) {
      sum += x[at]!;
      at++;
    }
    const mean = sum / this.constants.hidden!;
    at = this.thread.x * this.constants.hidden!;
    let squares = 0.0;
    for (let k = 0; k < this.constants.hidden!; k++) {
      const centred = x[at]! - mean;
      squares += centred * centred;
      at++;
    }
    return [mean, squares / this.constants.hidden!];
  },
};

/** Each row to mean 0 and variance 1, scaled and shifted. `settings[0]` is epsilon. Cells: `[hidden, rows]`. */
export const normalize: KernelDefinition = {
  name: 'normalize',
  family: 'other',
  arguments: { x: 'Array', moments: 'Array', scale: 'Array', shift: 'Array', settings: 'Array' },
  outputsPerCell: 1,
  source: function (
    this: KernelThread,
    x: number[],
    moments: number[],
    scale: number[],
    shift: number[],
    settings: number[],
  ) {
    const centred = x[this.thread.y * this.constants.hidden! + this.thread.x]! - moments[this.thread.y * 2]!;
    const deviation = Math.sqrt(moments[this.thread.y * 2 + 1]! + settings[0]!);
    return (centred / deviation) * scale[this.thread.x]! + shift[this.thread.x]!;
  },
};
