import type { KernelDefinition, KernelThread } from './definition.js';

/**
 * Softmax of scores in quads, `[batch · heads, ⌈sequence / 4⌉, sequence, 4]`, in three steps: largest score,
 * exponentials, their sum. Who uses the weights divides by the sum.
 */

/** The largest score of each query, `[batch · heads, sequence]`. Cells: `[sequence, batch · heads]`. */
export const largestScores: KernelDefinition = {
  name: 'largest scores',
  family: 'other',
  arguments: { scores: 'Array', sequence: 'Integer' },
  outputsPerCell: 1,
  source: function (this: KernelThread, scores: number[], sequence: number) {
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
};

/** e^(score − largest), as the scores are laid out. Cells: `[4 · sequence, ⌈sequence / 4⌉, batch · heads]`. */
export const exponentials: KernelDefinition = {
  name: 'exponentials',
  family: 'other',
  arguments: { scores: 'Array', largest: 'Array', sequence: 'Integer' },
  outputsPerCell: 1,
  source: function (this: KernelThread, scores: number[], largest: number[], sequence: number) {
    let query = 0;
    query++;
    query = this.thread.y * 4 + (this.thread.x & 3);
    if (query >= sequence) query = sequence - 1;
    let at = 0;
    at++;
    at = (this.thread.z * ((sequence + 3) >> 2) + this.thread.y) * sequence * 4 + this.thread.x;
    return Math.exp(scores[at]! - largest[this.thread.z * sequence + query]!);
  },
};

/** The sum of each query's weights, `[batch · heads, sequence]`. Cells: `[sequence, batch · heads]`. */
export const weightSums: KernelDefinition = {
  name: 'weight sums',
  family: 'other',
  arguments: { weights: 'Array', sequence: 'Integer' },
  outputsPerCell: 1,
  source: function (this: KernelThread, weights: number[], sequence: number) {
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
};
