import type { KernelDefinition, KernelThread } from './definition.js';

/**
 * What follows a projection: from quads (matmul.ts) to rows, `[rows, width]`, through a function of one number.
 * Cells: `[width, rows]`. Constant: width.
 */
function elementwise(name: string, source: KernelDefinition['source']): KernelDefinition {
  return { name, family: 'other', arguments: { projected: 'Array' }, outputsPerCell: 1, source };
}

/** As it is. */
export const asRows = elementwise('rows', function (this: KernelThread, projected: number[]) {
  return projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!;
});

export const relu = elementwise('relu', function (this: KernelThread, projected: number[]) {
  return Math.max(
    0.0,
    projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!,
  );
});

/** Clamped where it is 1 in float32: WGSL leaves tanh of large numbers to the driver, and some overflow. */
export const tanh = elementwise('tanh', function (this: KernelThread, projected: number[]) {
  const value =
    projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!;
  return Math.tanh(Math.max(-10.0, Math.min(10.0, value)));
});

/**
 * x · (1 + erf(x / √2)) / 2. No mode has erf. Here it is z · P(z²) / Q(z²) up to z = 4, where it is 1 in float32;
 * both of degree 5 with positive coefficients, so that nothing cancels, fitted by weighted least squares to a
 * relative 2.5e-8. In float32 gelu is off by less than 7e-7 of max(1, |x|) (test/executors/gpu-js-suite.ts).
 */
export const gelu = elementwise('gelu', function (this: KernelThread, projected: number[]) {
  const value =
    projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!;
  const z = Math.max(-4.0, Math.min(4.0, value * 0.7071067811865476));
  const t = z * z;
  const numerator =
    ((((1.986928562330933e-6 * t + 2.84547209982198e-4) * t + 3.882499721710771e-3) * t +
      5.309910171425651e-2) *
      t +
      1.935253085940957e-1) *
      t +
    1.1283791395971727;
  const denominator =
    ((((3.7420735876628544e-5 * t + 1.1853679577923408e-3) * t + 1.52055855461857e-2) * t +
      1.1534180862641345e-1) *
      t +
      5.048398985448519e-1) *
      t +
    1.0;
  const erf = Math.max(-1.0, Math.min(1.0, (z * numerator) / denominator));
  return value * 0.5 * (1.0 + erf);
});

/** The tanh approximation (Hendrycks & Gimpel, "Gaussian error linear units", §2). */
export const geluNew = elementwise('gelu_new', function (this: KernelThread, projected: number[]) {
  const value =
    projected[((this.thread.y >> 2) * this.constants.width! + this.thread.x) * 4 + (this.thread.y & 3)]!;
  const inner = 0.7978845608028654 * (value + 0.044715 * value * value * value);
  return value * 0.5 * (1.0 + Math.tanh(Math.max(-10.0, Math.min(10.0, inner))));
});
