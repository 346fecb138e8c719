/** A matrix in float64, row-major. The reference computes in double precision and rounds only what leaves a layer. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export function matrix(rows: number, columns: number, data = new Float64Array(rows * columns)): Matrix {
  return { rows, columns, data };
}

/** Outputs that are computed side by side: independent sums, so that no addition waits for the one before. */
const LANES = 4;

/** `x · Wᵀ + b`: x `[rows, in]`, weight `[out, in]`, bias `[out]`; the result is `[rows, out]`. */
export function linear(x: Matrix, weight: Float32Array, bias?: Float32Array): Matrix {
  const inputs = x.columns;
  const outputs = weight.length / inputs;
  const y = matrix(x.rows, outputs);
  const lanes = new Float64Array(LANES * inputs);
  const sums = new Float64Array(2 * LANES);
  for (let first = 0; first < outputs; first += LANES) {
    const count = Math.min(LANES, outputs - first);
    lanes.set(weight.subarray(first * inputs, (first + count) * inputs));
    for (let row = 0; row < x.rows; row += 2) {
      const rows = Math.min(2, x.rows - row);
      sums.fill(0);
      if (bias) for (let o = 0; o < count; o++) sums[o] = sums[LANES + o] = bias[first + o]!;
      // A last odd row is taken twice, and written once.
      dotTwoRows(x.data, row * inputs, (row + rows - 1) * inputs, lanes, sums);
      for (let r = 0; r < rows; r++) {
        const at = (row + r) * outputs + first;
        for (let o = 0; o < count; o++) y.data[at + o] = sums[r * LANES + o]!;
      }
    }
  }
  return y;
}

/** Adds the products of two rows with four weight rows to the eight sums, each in the order of its elements. */
function dotTwoRows(x: Float64Array, one: number, two: number, w: Float64Array, sums: Float64Array): void {
  const size = w.length / LANES;
  let [a0, a1, a2, a3, b0, b1, b2, b3] = sums as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let k = 0; k < size; k++) {
    const a = x[one + k]!;
    const b = x[two + k]!;
    const w0 = w[k]!;
    const w1 = w[size + k]!;
    const w2 = w[2 * size + k]!;
    const w3 = w[3 * size + k]!;
    a0 += a * w0;
    a1 += a * w1;
    a2 += a * w2;
    a3 += a * w3;
    b0 += b * w0;
    b1 += b * w1;
    b2 += b * w2;
    b3 += b * w3;
  }
  sums.set([a0, a1, a2, a3, b0, b1, b2, b3]);
}

/** Adds element by element; both have the same shape. */
export function add(a: Matrix, b: Matrix): Matrix {
  return { ...a, data: a.data.map((value, at) => value + b.data[at]!) };
}

export function map(x: Matrix, f: (value: number) => number): Matrix {
  return { ...x, data: x.data.map(f) };
}

/** Each row to mean 0 and (biased) variance 1, then scaled and shifted. */
export function layerNorm(x: Matrix, scale: Float32Array, shift: Float32Array, epsilon: number): Matrix {
  const y = matrix(x.rows, x.columns);
  for (let row = 0; row < x.rows; row++) {
    const values = x.data.subarray(row * x.columns, (row + 1) * x.columns);
    const mean = values.reduce((sum, value) => sum + value, 0) / x.columns;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.columns;
    const inverse = 1 / Math.sqrt(variance + epsilon);
    for (let c = 0; c < x.columns; c++) {
      y.data[row * x.columns + c] = (values[c]! - mean) * inverse * scale[c]! + shift[c]!;
    }
  }
  return y;
}

/** In place: a row of scores becomes weights that sum to 1. */
export function softmax(row: Float64Array): void {
  const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let k = 0; k < row.length; k++) {
    row[k] = Math.exp(row[k]! - largest);
    sum += row[k]!;
  }
  for (let k = 0; k < row.length; k++) row[k] = row[k]! / sum;
}

/** What one layer hands to the next: rounded to float32, wherever the model is cut. */
export function rounded(x: Matrix): Float32Array {
  return Float32Array.from(x.data);
}
