import type { Tensor } from 'ipu-pipeline';

/** One tensor as the golden files hold it: in full (`data`), or sampled with figures over the whole. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  /** max |float32 − float64| of upstream's own model: the natural error of a float32 implementation. */
  readonly max_abs_diff_f64: number;
  readonly data?: readonly number[];
  readonly sample_index?: readonly number[];
  readonly sample?: readonly number[];
  readonly mean?: number;
  readonly std?: number;
  readonly l2?: number;
  readonly argmax_last_axis?: readonly number[];
}

/** How many natural errors a result may be off. */
const NATURAL_ERRORS = 5;
/** Goldens are written with 9 significant digits. */
const PRINTED = 1e-8;

/** The largest deviation from the golden's values, in natural errors. */
function deviation(actual: Float32Array, golden: GoldenTensor): number {
  const expected = golden.data ?? golden.sample ?? [];
  let largest = 0;
  expected.forEach((value, at) => {
    const found = actual[golden.data ? at : golden.sample_index![at]!]!;
    const error = Math.abs(found - value);
    // NaN compares as smaller than everything: it must not pass.
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  });
  return largest / golden.max_abs_diff_f64;
}

/** What is wrong with a tensor, or nothing. Leading dimensions may be merged: only elements and their order count. */
export function fault(actual: Tensor | undefined, golden: GoldenTensor): string | undefined {
  if (!actual) return 'the model did not return it';
  const size = golden.shape.reduce((product, d) => product * d, 1);
  if (actual.data.length !== size) {
    return `shape [${actual.shape.join(', ')}], expected [${golden.shape.join(', ')}]`;
  }
  if (!golden.data && !golden.sample) return 'the golden file has neither data nor samples';
  const values = actual.data as Float32Array;
  const off = deviation(values, golden);
  if (!(off <= NATURAL_ERRORS)) {
    return `off by ${off.toFixed(1)} natural errors of ${golden.max_abs_diff_f64} (at most ${NATURAL_ERRORS})`;
  }
  return figureFault(values, golden) ?? argmaxFault(values, golden);
}

/**
 * If no element is off by more than t, then neither the mean nor the standard deviation is, and the length of the
 * vector by no more than t·√n.
 */
function figureFault(values: Float32Array, golden: GoldenTensor): string | undefined {
  const tolerance = NATURAL_ERRORS * golden.max_abs_diff_f64;
  const found = figures(values);
  const slack = { mean: 1, std: 1, l2: Math.sqrt(values.length) };
  for (const key of ['mean', 'std', 'l2'] as const) {
    const expected = golden[key];
    if (expected === undefined) continue;
    const allowed = slack[key] * tolerance + Math.abs(expected) * PRINTED;
    if (!(Math.abs(found[key] - expected) <= allowed)) {
      return `${key} is ${found[key]}, expected ${expected} ± ${allowed}`;
    }
  }
  return undefined;
}

function figures(values: Float32Array): { mean: number; std: number; l2: number } {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  let deviations = 0;
  for (const value of values) deviations += (value - mean) ** 2;
  return { mean, std: Math.sqrt(deviations / values.length), l2: Math.sqrt(squares) };
}

/** The golden's largest element of each row must be ours as well, unless the two are closer than both may be off. */
function argmaxFault(values: Float32Array, golden: GoldenTensor): string | undefined {
  const columns = golden.shape.at(-1)!;
  const tolerance = 2 * NATURAL_ERRORS * golden.max_abs_diff_f64;
  const rows = golden.argmax_last_axis ?? [];
  for (const [row, expected] of rows.entries()) {
    const scores = values.subarray(row * columns, (row + 1) * columns);
    let best = 0;
    for (let c = 1; c < columns; c++) if (scores[c]! > scores[best]!) best = c;
    if (scores[best]! - scores[expected]! > tolerance) {
      return `row ${row} is largest at ${best} (${scores[best]}), expected at ${expected} (${scores[expected]})`;
    }
  }
  return undefined;
}
