import { kernel } from './definition.js';

/**
 * Softmax of scores in quads, `[batch · heads, ⌈sequence / 4⌉, sequence, 4]`, in three steps: largest score,
 * exponentials, their sum. Who uses the weights divides by the sum.
 */

/** The largest score of each query, `[batch · heads, sequence]`. Cells: `[sequence, batch · heads]`. */
export const largestScores = kernel({
  name: 'largest scores',
  family: 'other',
  arguments: ['Array', 'Integer'],
  source: function (scores, sequence) {
    let at = 0;
    at++;
    at = (this.thread.y * ((sequence + 3) >> 2) + (this.thread.x >> 2)) * sequence * 4 + (this.thread.x & 3);
    let largest = scores[at]!;
    for (let k = 1; k < sequence; k++) {
      at += 4;
      largest = Math.max(largest, scores[at]!);
    }
    return largest;
  },
});

/** e^(score − largest), as the scores are laid out. Cells: `[4 · sequence, ⌈sequence / 4⌉, batch · heads]`. */
export const exponentials = kernel({
  name: 'exponentials',
  family: 'other',
  arguments: ['Array', 'Array', 'Integer'],
  source: function (scores, largest, sequence) {
    let query = 0;
    query++;
    query = this.thread.y * 4 + (this.thread.x & 3);
    if (query >= sequence) query = sequence - 1;
    let at = 0;
    at++;
    at = (this.thread.z * ((sequence + 3) >> 2) + this.thread.y) * sequence * 4 + this.thread.x;
    return Math.exp(scores[at]! - largest[this.thread.z * sequence + query]!);
  },
});

/**
 * The same where Math.exp is a call out of the kernel for every number, as in WebAssembly: e^x = 2^−n · e^r with the
 * whole number n that leaves |r| ≤ ln 2 / 2, and Taylor's polynomial, off by less than 1e-8 there. ln 2 is taken in
 * two parts, of which the first has few bits, so that n · ln 2 is exact. `powers` holds 2^−n for n from 0 to 127,
 * the last as 0: what is smaller has no weight.
 */
export const exponentialsByTable = kernel({
  name: 'exponentials',
  family: 'other',
  arguments: ['Array', 'Array', 'Array', 'Integer'],
  source: function (scores, largest, powers, sequence) {
    let query = 0;
    query++;
    query = this.thread.y * 4 + (this.thread.x & 3);
    if (query >= sequence) query = sequence - 1;
    let at = 0;
    at++;
    at = (this.thread.z * ((sequence + 3) >> 2) + this.thread.y) * sequence * 4 + this.thread.x;
    const x = Math.max(-88.0, scores[at]! - largest[this.thread.z * sequence + query]!);
    const n = Math.floor(x * -1.4426950408889634 + 0.5);
    const r = x + n * 0.693359375 + n * -2.1219444005469057e-4;
    const rest =
      ((((r * 1.984126984126984e-4 + 1.3888888888888889e-3) * r + 8.333333333333333e-3) * r +
        4.1666666666666664e-2) *
        r +
        0.16666666666666666) *
        r +
      0.5;
    // The largest is added last, so that the rounding of the others does not show.
    return (r * r * rest + r + 1.0) * powers[n]!;
  },
});

/** Of `exponentialsByTable`. */
export const POWERS_OF_HALF = Float32Array.from({ length: 128 }, (_, n) => (n < 127 ? 2 ** -n : 0));

/** The sum of each query's weights, `[batch · heads, sequence]`. Cells: `[sequence, batch · heads]`. */
export const weightSums = kernel({
  name: 'weight sums',
  family: 'other',
  arguments: ['Array', 'Integer'],
  source: function (weights, sequence) {
    let at = 0;
    at++;
    at = (this.thread.y * ((sequence + 3) >> 2) + (this.thread.x >> 2)) * sequence * 4 + (this.thread.x & 3);
    let sum = 0.0;
    for (let k = 0; k < sequence; k++) {
      sum += weights[at]!;
      at += 4;
    }
    return sum;
  },
});
