import type { KernelDefinition, KernelThread } from './definition.js';

/**
 * What follows a projection: from quads (matmul.ts) to rows, `[rows, width]`, through a function of one number.
 * Cells: `[width, rows]`. Constant: width.
 */
function elementwise(
  name: string,
  source: (this: KernelThread, projected: number[]) => number,
): KernelDefinition {
  return { name, family: 'other', arguments: ['Array'], source };
}

/** As it is. */
export const asRows = elementwise('rows', function (projected) {
  return projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!;
});

export const relu = elementwise('relu', function (projected) {
  return Math.max(
    0.0,
    projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!,
  );
});

/** Clamped where it is 1 in float32: WGSL leaves tanh of large numbers to the driver, and some overflow. */
export const tanh = elementwise('tanh', function (projected) {
  const value =
    projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!;
  return Math.tanh(Math.max(-10.0, Math.min(10.0, value)));
});

/**
 * x · Φ(x) = max(x, 0) − |x| · Φ(−|x|), with Φ of the normal distribution: upstream's x · (1 + erf(x / √2)) / 2. No mode
 * has erf, and where it is near ±1 float32 would lose what matters; what is subtracted here is at most 0.17. Φ(−|x|)
 * is 1 / (2 · Q(|x|)⁸), Q a polynomial fitted by weighted least squares up to |x| = 9, so that |x| · Φ(−|x|) is off by
 * less than 1e-8. In float32 gelu is off by less than 1.5e-7 of max(1, |x|) (test/executors/gpu-js-suite.ts).
 */
export const gelu = elementwise('gelu', function (projected) {
  const value =
    projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!;
  const size = Math.min(Math.abs(value), 9.0);
  const root =
    ((((((((3.622863406826732e-7 * size - 2.3045059491570014e-6) * size + 1.4342169045685281e-5) * size -
      6.847660494006751e-7) *
      size +
      2.9056168171681416e-4) *
      size +
      7.898423544881035e-4) *
      size +
      8.705670781887949e-3) *
      size +
      4.475458026771173e-2) *
      size +
      9.973631942775651e-2) *
      size +
    1.0;
  const square = root * root;
  const fourth = square * square;
  return Math.max(value, 0.0) - (size * 0.5) / (fourth * fourth);
});

/** The tanh approximation (Hendrycks & Gimpel, "Gaussian error linear units", §2). */
export const geluNew = elementwise('gelu_new', function (projected) {
  const value =
    projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!;
  const inner = 0.7978845608028654 * (value + 0.044715 * value * value * value);
  return value * 0.5 * (1.0 + Math.tanh(Math.max(-10.0, Math.min(10.0, inner))));
});
