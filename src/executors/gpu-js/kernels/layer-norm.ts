import { kernel } from './definition.js';

/** Layer normalization in two passes over `[rows, hidden]`. Constant: hidden. */

/** A projection in quads (matmul.ts) plus what goes around it, `[rows, hidden]`. Cells: `[hidden, rows]`. */
export const addResidual = kernel({
  name: 'residual',
  family: 'other',
  arguments: ['Array', 'Array'],
  source: function (projected, residual) {
    return (
      projected[((this.thread.y >> 2) * this.constants.hidden! + this.thread.x) * 4 + (this.thread.y & 3)]! +
      residual[this.thread.y * this.constants.hidden! + this.thread.x]!
    );
  },
});

/**
 * Mean and (biased) variance of each row, `[rows, 2]`; the variance around the mean, not E[x²] − E[x]². Both in sums
 * of 8 numbers, of which 8 are summed before they join the sum over all: a sum that grows one by one loses more bits.
 * Cells: `[rows]`. Constants: hidden, and how many eights there are in it and after them.
 */
export const rowMoments = kernel({
  name: 'row moments',
  family: 'other',
  arguments: ['Array'],
  outputsPerCell: 2,
  source: function (x) {
    let at = 0;
    at = this.thread.x * this.constants.hidden!;
    let sum = 0.0;
    let some = 0.0;
    for (let eight = 0; eight < this.constants.eights!; eight++) {
      let part = 0.0;
      for (let k = 0; k < 8; k++) {
        part += x[at]!;
        at++;
      }
      some += part;
      if ((eight & 7) === 7) {
        sum += some;
        some = 0.0;
      }
    }
    for (let k = 0; k < this.constants.afterEights!; k++) {
      some += x[at]!;
      at++;
    }
    const mean = (sum + some) / this.constants.hidden!;
    at = this.thread.x * this.constants.hidden!;
    sum = 0.0;
    some = 0.0;
    for (let eight = 0; eight < this.constants.eights!; eight++) {
      let part = 0.0;
      for (let k = 0; k < 8; k++) {
        const centred = x[at]! - mean;
        part += centred * centred;
        at++;
      }
      some += part;
      if ((eight & 7) === 7) {
        sum += some;
        some = 0.0;
      }
    }
    for (let k = 0; k < this.constants.afterEights!; k++) {
      const centred = x[at]! - mean;
      some += centred * centred;
      at++;
    }
    return [mean, (sum + some) / this.constants.hidden!];
  },
});

/** Each row to mean 0 and variance 1, scaled and shifted. `settings[0]` is epsilon. Cells: `[hidden, rows]`. */
export const normalize = kernel({
  name: 'normalize',
  family: 'other',
  arguments: ['Array', 'Array', 'Array', 'Array', 'Array'],
  source: function (x, moments, scale, shift, settings) {
    const centred = x[this.thread.y * this.constants.hidden! + this.thread.x]! - moments[this.thread.y * 2]!;
    const deviation = Math.sqrt(moments[this.thread.y * 2 + 1]! + settings[0]!);
    return (centred / deviation) * scale[this.thread.x]! + shift[this.thread.x]!;
  },
});
