import type { Activation } from '../../models/steps.js';
import { erf } from './erf.js';

export const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  gelu: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
  /** The tanh approximation (Hendrycks & Gimpel, "Gaussian error linear units", §2). */
  gelu_new: (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
};
