import { InputError } from '../../ipu-config/base/errors.js';
import type { HardwareOverrides } from '../hardware/hardware-specs.js';
import { figureRange } from '../hardware/ranges.js';
import { comparePoints, type MeasuredPoint } from './compare-points.js';

/** Measured runs on hardware with other figures. */
export type PointsWith = (overrides: HardwareOverrides) => readonly MeasuredPoint[];

export interface LeftOut {
  readonly id: string;
  /** What the other points give. */
  readonly fit: HardwareOverrides;
  /** Error of the point that was left out. */
  readonly error: number;
}

/** Told how often the points have been predicted, and how often they will be at most. */
export type OnFitProgress = (done: number, most: number) => void;

/** How far one point weighs less than an exact measurement: quality C is "within 25 %", the rest within 5 %. */
const TOLERANCE = { exact: 0.05, rough: 0.25 } as const;
const MOST_STEPS = 20;
const MOST_HALVINGS = 8;
/** Step of a derivative, in shares of a figure. */
const DELTA = 1e-3;
/** Shares of a figure that is 0 say nothing: seconds, and cycles, that matter begin about there. */
const LEAST = { seconds: 0.01, cycles: 100 } as const;

interface Known {
  readonly figures: readonly string[];
  readonly values: readonly number[];
  /** Errors over tolerances, of the points that were measured. */
  readonly errors: readonly number[];
}

/**
 * Fits figures of the hardware to measured runs: least squares of errors over the tolerance of each point's quality, by
 * Gauss–Newton steps, halved until they help. Starts from the figures' own values and stays in their ranges.
 * @throws InputError when a figure does not exist or no point has a measurement
 */
export function fitPoints(
  points: PointsWith,
  figures: readonly string[],
  onProgress: OnFitProgress = () => undefined,
): HardwareOverrides {
  const most = MOST_STEPS * (figures.length + 1);
  let done = 0;
  const known = (values: readonly number[]): Known => {
    onProgress(Math.min(++done, most), most);
    return { figures, values, errors: weighted(points(overridesOf(figures, values))) };
  };
  let best = known(figures.map((name) => startOf(points, name)));
  if (best.errors.length === 0) throw new InputError('No point was measured, so nothing can be fitted.');
  for (let step = 0; step < MOST_STEPS; step++) {
    const slopes = slopesAt(best, known);
    const better = stepFrom(best, solve(slopes, best.errors), known);
    if (!better) break;
    const isNear = sumOfSquares(best.errors) - sumOfSquares(better.errors) < 1e-6 * sumOfSquares(best.errors);
    best = better;
    if (isNear) break;
  }
  onProgress(most, most);
  return overridesOf(figures, best.values);
}

/**
 * Each measured point predicted from a fit of all others. These fits are one step away from the fit of all points, and
 * taken to first order there: so the cost grows with the points, and not with their square.
 * @param fit of all points
 */
export function leaveOneOut(points: PointsWith, fit: HardwareOverrides): LeftOut[] {
  const figures = Object.keys(fit);
  const known = (values: readonly number[]): Known => ({
    ...{ figures, values },
    errors: weighted(points(overridesOf(figures, values))),
  });
  const all = known(Object.values(fit));
  const slopes = slopesAt(all, known);
  const measured = points(fit).filter(isMeasured);
  return measured.map(({ id }, left) => {
    const others = <T>(list: readonly T[]): T[] => list.filter((_, index) => index !== left);
    const step = solve(slopes.map(others), others(all.errors));
    const values = all.values.map((value, k) =>
      within(figures[k]!, value + step[k]! * scaleOf(figures[k]!, value)),
    );
    const own = overridesOf(figures, values);
    const compared = comparePoints(points(own).filter((point) => point.id === id));
    return { id, fit: own, error: compared.points[0]!.error! };
  });
}

function startOf(points: PointsWith, path: string): number {
  const [part, field] = path.split('.') as ['chip' | 'system', string];
  const [first] = points({});
  const value = (first?.run.hardware[part] as unknown as Record<string, unknown> | undefined)?.[field];
  if (typeof value === 'number') return value;
  throw new InputError(`${path} is no figure that can be fitted: name one such as chip.ampEfficiency.`);
}

/** `[figure][point]`: how errors change with each figure, in shares of its scale. */
function slopesAt(at: Known, known: (values: readonly number[]) => Known): number[][] {
  return at.figures.map((name, k) => {
    // Towards where the figure has room.
    const full = at.values[k]! >= figureRange(fieldOf(name)).most;
    const delta = full ? -DELTA : DELTA;
    const moved = at.values.map((value, other) => value + (other === k ? delta * scaleOf(name, value) : 0));
    return known(moved).errors.map((error, point) => (error - at.errors[point]!) / delta);
  });
}

/** The longest part of a step that makes errors smaller; undefined when none does. */
function stepFrom(
  from: Known,
  step: readonly number[],
  known: (values: readonly number[]) => Known,
): Known | undefined {
  for (let halving = 0, part = 1; halving < MOST_HALVINGS; halving++, part /= 2) {
    const values = from.values.map((value, k) => {
      // Not more than by half at once: far away the slopes are others.
      const share = Math.max(-0.5, Math.min(1, step[k]! * part));
      return within(from.figures[k]!, value + share * scaleOf(from.figures[k]!, value));
    });
    const there = known(values);
    if (sumOfSquares(there.errors) < sumOfSquares(from.errors)) return there;
  }
  return undefined;
}

/** Least squares of `errors + Σ step × slopes`, by the normal equations. */
function solve(slopes: readonly (readonly number[])[], errors: readonly number[]): number[] {
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, index) => sum + value * b[index]!, 0);
  const rows = slopes.map((own, k) => [
    // A trace of damping: figures that no point depends on stay as they are.
    ...slopes.map((other, l) => dot(own, other) + (k === l ? 1e-9 : 0)),
    -dot(own, errors),
  ]);
  rows.forEach((row, k) => {
    for (const other of rows) {
      if (other === row) continue;
      const share = other[k]! / row[k]!;
      row.forEach((value, column) => (other[column]! -= share * value));
    }
  });
  return rows.map((row, k) => row.at(-1)! / row[k]!);
}

function weighted(points: readonly MeasuredPoint[]): number[] {
  const used = points.filter(isMeasured);
  return comparePoints(used).points.map(
    ({ error }, index) =>
      error! / (used[index]!.quality?.startsWith('C') ? TOLERANCE.rough : TOLERANCE.exact),
  );
}

function isMeasured({ measured }: MeasuredPoint): boolean {
  return Object.keys(measured).length > 0;
}

function overridesOf(figures: readonly string[], values: readonly number[]): HardwareOverrides {
  return Object.fromEntries(figures.map((name, k) => [name, values[k]!]));
}

function scaleOf(name: string, value: number): number {
  if (!figureRange(fieldOf(name)).mayBeZero) return value;
  return Math.max(value, name.endsWith('Seconds') ? LEAST.seconds : LEAST.cycles);
}

function within(name: string, value: number): number {
  const { most, mayBeZero } = figureRange(fieldOf(name));
  return Math.min(most, Math.max(mayBeZero ? 0 : 1e-6, value));
}

function fieldOf(name: string): string {
  return name.split('.')[1] ?? '';
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
