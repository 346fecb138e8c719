/** A tenth of the last digits that a product of columns has. */
const TOLERANCE = 1e-10;

/**
 * The x ≥ 0 with the smallest |A·x − b|² (Lawson and Hanson 1974, chapter 23): coefficients that are times cannot be
 * negative, and a term that only noise asks for becomes 0.
 * @param rows A, `[equations][unknowns]`
 * @param b `[equations]`
 */
export function nonnegativeLeastSquares(
  rows: readonly (readonly number[])[],
  b: readonly number[],
): number[] {
  const unknowns = rows[0]?.length ?? 0;
  // Columns of like size: seconds per call stand beside seconds per squared token.
  const scale = Array.from({ length: unknowns }, (_, j) => Math.hypot(...rows.map((row) => row[j]!)) || 1);
  const scaled = rows.map((row) => row.map((value, j) => value / scale[j]!));
  const gram = product(scaled, unknowns);
  const target = Array.from({ length: unknowns }, (_, j) =>
    scaled.reduce((sum, row, i) => sum + row[j]! * b[i]!, 0),
  );
  return activeSet(gram, target).map((value, j) => value / scale[j]!);
}

function product(rows: readonly (readonly number[])[], size: number): number[][] {
  return Array.from({ length: size }, (_, j) =>
    Array.from({ length: size }, (_, k) => rows.reduce((sum, row) => sum + row[j]! * row[k]!, 0)),
  );
}

function activeSet(gram: readonly (readonly number[])[], target: readonly number[]): number[] {
  const size = target.length;
  const least = TOLERANCE * Math.max(...target.map(Math.abs));
  const free = new Set<number>();
  let x = new Array<number>(size).fill(0);
  // Each unknown enters once or twice in practice; the bound is against cycling on rounding errors.
  for (let step = 0; step < 10 * size; step++) {
    const gradient = target.map((value, j) => value - gram[j]!.reduce((sum, g, k) => sum + g * x[k]!, 0));
    const fixed = gradient.flatMap((value, j) => (free.has(j) || value <= least ? [] : [j]));
    if (fixed.length === 0) return x;
    free.add(fixed.reduce((best, j) => (gradient[j]! > gradient[best]! ? j : best)));
    x = feasible(x, free, { gram, target });
  }
  return x;
}

interface Normal {
  readonly gram: readonly (readonly number[])[];
  readonly target: readonly number[];
}

/** Goes towards the unbounded solution in the free unknowns, and fixes those at 0 that would become negative. */
function feasible(from: readonly number[], free: Set<number>, normal: Normal): number[] {
  let x = [...from];
  for (;;) {
    const aim = solve([...free], normal);
    const blocking = [...free].filter((j) => aim[j]! <= 0);
    if (blocking.length === 0) return aim;
    const share = Math.min(...blocking.map((j) => x[j]! / (x[j]! - aim[j]! || 1)));
    x = x.map((value, j) => value + share * (aim[j]! - value));
    for (const j of [...free]) {
      if (x[j]! > Number.EPSILON && !(aim[j]! <= 0 && x[j]! <= TOLERANCE)) continue;
      x[j] = 0;
      free.delete(j);
    }
    if (free.size === 0) return x;
  }
}

/** The normal equations in the given unknowns, by elimination with pivots; the others are 0. */
function solve(unknowns: readonly number[], { gram, target }: Normal): number[] {
  const rows = unknowns.map((j) => [...unknowns.map((k) => gram[j]![k]!), target[j]!]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const head = rows[column]!;
    if (Math.abs(head[column]!) < Number.EPSILON) continue; // depends on the others: stays 0
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = rows[row]![column]! / head[column]!;
      for (let k = column; k <= size; k++) rows[row]![k]! -= factor * head[k]!;
    }
  }
  const x = new Array<number>(target.length).fill(0);
  unknowns.forEach((j, at) => {
    const diagonal = rows[at]![at]!;
    x[j] = Math.abs(diagonal) < Number.EPSILON ? 0 : rows[at]![size]! / diagonal;
  });
  return x;
}
