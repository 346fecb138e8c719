import { InputError } from '../../ipu-config/base/errors.js';
import { figureRange } from '../hardware/ranges.js';
import type { HardwareOverrides } from '../hardware/hardware-specs.js';
import type { MeasuredPoint } from './points.js';
import { comparePoints } from './compare-points.js';

/** Reads the measured runs again, with other figures. */
export type PointsWith = (overrides: HardwareOverrides) => readonly MeasuredPoint[];

export interface LeftOut {
  readonly id: string;
  /** What the other points give. */
  readonly fit: HardwareOverrides;
  /** Error of the point that was left out. */
  readonly error: number;
}

/** How far one point weighs less than an exact measurement: quality C is "within 25 %", the rest within 5 %. */
const TOLERANCE = { exact: 0.05, rough: 0.25 } as const;
const ROUNDS = 12;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Fits figures of the hardware to measured runs: least squares of errors over the tolerance of each point's quality,
 * one figure after another by golden section, until nothing moves. Starts from the figures' own values.
 * @throws InputError when a figure does not exist or no point has a measurement
 */
export function fitPoints(
  points: PointsWith,
  figures: readonly string[],
  without?: string,
): HardwareOverrides {
  let fit = Object.fromEntries(figures.map((name) => [name, startOf(points, name)]));
  for (let round = 0; round < ROUNDS; round++) {
    const before = { ...fit };
    const width = 0.6 ** round;
    for (const name of figures) fit = { ...fit, [name]: minimise(points, fit, name, width, without) };
    if (figures.every((name) => Math.abs(fit[name]! / before[name]! - 1) < 1e-4)) break;
  }
  return fit;
}

/** Each measured point predicted from a fit of all others. */
export function leaveOneOut(points: PointsWith, figures: readonly string[]): LeftOut[] {
  return points({}).map(({ id }) => {
    const fit = fitPoints(points, figures, id);
    const compared = comparePoints(points(fit).filter((point) => point.id === id));
    return { id, fit, error: compared.points[0]!.error ?? 0 };
  });
}

function startOf(points: PointsWith, path: string): number {
  const [part, field] = path.split('.') as ['chip' | 'system', string];
  const [first] = points({});
  const value = (first?.run.hardware[part] as unknown as Record<string, unknown> | undefined)?.[field];
  if (typeof value === 'number' && value > 0) return value;
  throw new InputError(`${path} is no figure that can be fitted: name one such as chip.ampEfficiency.`);
}

function minimise(
  points: PointsWith,
  fit: HardwareOverrides,
  name: string,
  width: number,
  without: string | undefined,
): number {
  const cost = (value: number): number => squaredError(points({ ...fit, [name]: value }), without);
  let low = fit[name]! * (1 - 0.9 * width);
  const { most } = figureRange(name.split('.')[1]!);
  let high = Math.min(most, fit[name]! * (1 + 1.5 * width));
  let a = high - GOLDEN * (high - low);
  let b = low + GOLDEN * (high - low);
  let [costA, costB] = [cost(a), cost(b)];
  while (high - low > 1e-3 * high) {
    if (costA < costB) {
      [high, b, costB] = [b, a, costA];
      a = high - GOLDEN * (high - low);
      costA = cost(a);
    } else {
      [low, a, costA] = [a, b, costB];
      b = low + GOLDEN * (high - low);
      costB = cost(b);
    }
  }
  return (low + high) / 2;
}

function squaredError(points: readonly MeasuredPoint[], without: string | undefined): number {
  const used = points.filter(({ id }) => id !== without);
  const compared = comparePoints(used).points;
  return compared.reduce((sum, { error }, index) => {
    const tolerance = used[index]!.quality?.startsWith('C') ? TOLERANCE.rough : TOLERANCE.exact;
    return sum + ((error ?? 0) / tolerance) ** 2;
  }, 0);
}
