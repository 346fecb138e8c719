/** A matrix in float64, row-major. The reference computes in double precision and rounds only what leaves a layer. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export function matrix(rows: number, columns: number, data = new Float64Array(rows * columns)): Matrix {
  return { rows, columns, data };
}

/** `x · Wᵀ + b`: x `[rows, in]`, weight `[out, in]`, bias `[out]`; the result is `[rows, out]`. */
export function linear(x: Matrix, weight: Float32Array, bias?: Float32Array): Matrix {
  const inputs = x.columns;
  const outputs = weight.length / inputs;
  const y = matrix(x.rows, outputs);
  for (let row = 0; row < x.rows; row++) {
    const from = row * inputs;
    for (let o = 0; o < outputs; o++) {
      let sum = bias ? bias[o]! : 0;
      const at = o * inputs;
      for (let k = 0; k < inputs; k++) sum += x.data[from + k]! * weight[at + k]!;
      y.data[row * outputs + o] = sum;
    }
  }
  return y;
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
