/** Rows and columns of a block that stays in the first-level cache while it is turned. */
const BLOCK = 32;

/** `[rows, columns]` → `[columns, rows]`, written into `turned`. */
export function transpose(
  values: Float32Array,
  [rows, columns]: readonly [number, number],
  turned: Float32Array,
): void {
  for (let r0 = 0; r0 < rows; r0 += BLOCK) {
    const r1 = Math.min(rows, r0 + BLOCK);
    for (let c0 = 0; c0 < columns; c0 += BLOCK) {
      const c1 = Math.min(columns, c0 + BLOCK);
      for (let c = c0; c < c1; c++) {
        for (let r = r0; r < r1; r++) turned[c * rows + r] = values[r * columns + c]!;
      }
    }
  }
}
