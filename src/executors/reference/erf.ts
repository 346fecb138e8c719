/** 2/√π. */
const TWO_OVER_SQRT_PI = 1.1283791670955126;
/** Where the series stops being the better of the two: both are exact to double precision there. */
const SWITCH = 2.5;
/** Beyond it erf is 1 in double precision. */
const SATURATED = 6;

/**
 * The error function to double precision: Maclaurin's series (Abramowitz & Stegun 7.1.6) for small arguments,
 * Legendre's continued fraction of erfc (7.1.14) for the others.
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size >= SATURATED) return Math.sign(x);
  const value = size < SWITCH ? series(size) : 1 - complement(size);
  return x < 0 ? -value : value;
}

/** 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·5···(2n+1)): all terms are positive, so nothing cancels. */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
}

/** erfc(x) = e^(−x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))), evaluated from the inside. */
function complement(x: number): number {
  let fraction = x;
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction;
  return ((TWO_OVER_SQRT_PI / 2) * Math.exp(-x * x)) / fraction;
}
