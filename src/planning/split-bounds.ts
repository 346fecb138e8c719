import { drained } from '../../pipeline/simulate/lockstep-time.js';
import { leastOf, type RestOfBins } from './split-search.js';

/** One IPU with some layers, in nanoseconds for a micro-batch. */
export interface Bin {
  /** All its stages, forward, recompute and backward. */
  readonly cost: number;
  /** Of its first stage: a head that comes back to the IPU is another one. */
  readonly forwardNs: number;
  readonly backwardNs: number;
}

/** What is the same for every split. */
export interface PipelineShape {
  readonly bins: number;
  readonly forwardStages: number;
  readonly microBatches: number;
  readonly training: boolean;
  /** One stage at a time. */
  readonly sharded: boolean;
  /** What every cycle has beyond the slowest IPU. */
  readonly commonNs: number;
}

/**
 * A micro-batch of inference is not through sooner: each of its cycles lasts as long as the slowest IPU that still takes
 * part. See `lockstepLatency`.
 * @param known bins whose units are settled
 */
export function latencyBound(shape: PipelineShape, known: readonly Bin[], rest: RestOfBins): number {
  const { forwardStages, microBatches } = shape;
  let latency = forwardStages * shape.commonNs;
  if (shape.sharded) return latency + sumOf(known) + rest.sum;
  for (let i = 0; i < forwardStages; i++) {
    const first = drained(i, forwardStages, microBatches);
    const least = rest.largest[Math.max(first, known.length)] ?? 0;
    latency += known.slice(first).reduce((worst, { cost }) => Math.max(worst, cost), least);
  }
  return latency;
}

/** One way to cut what is left, which no other beats in both. */
interface Tail {
  /** Its largest bin. */
  readonly worst: number;
  /** For each of its bins but bin 0, the largest of that bin and those after it, in all. */
  readonly ramps: number;
}

/** Bounds on the time of all cycles, for one search. */
export class TimeBounds {
  readonly #shape: PipelineShape;
  /** `[bin][start]` */
  readonly #tails: readonly (readonly (readonly Tail[])[])[];
  /** `[bin][start]`: the least that the first stages of the bins take in all, but for the pipeline's last. */
  readonly #first: readonly (readonly number[])[];

  /** @param binOf bin `bin` with units `[start, end)`; undefined where it may not have them */
  constructor(
    shape: PipelineShape,
    units: number,
    binOf: (bin: number, start: number, end: number) => Bin | undefined,
  ) {
    this.#shape = shape;
    const { bins, forwardStages } = shape;
    const cost = (bin: number, start: number, end: number): number =>
      binOf(bin, start, end)?.cost ?? Infinity;
    this.#tails = tailsOf({ bins, units, cost });
    const first = (bin: number, start: number, end: number): number => {
      const found = binOf(bin, start, end);
      if (!found) return Infinity;
      return bin === forwardStages - 1 ? 0 : found.forwardNs + found.backwardNs;
    };
    this.#first = leastOf({ bins, units, cost: first }, (bin, rest) => bin + rest);
  }

  /**
   * While the pipeline fills, a cycle lasts as long as the slowest forward stage so far, and once the backward ones join
   * from the end, as the slowest IPU from there on; it drains likewise. See `lockstepTime`.
   * @param known bins whose units are settled, up to unit `start`
   */
  least(known: readonly Bin[], start: number): number {
    const { forwardStages, microBatches, training } = this.#shape;
    const next = known.length;
    let [filling, forward, backward] = [0, 0, 0];
    for (const bin of known.slice(0, forwardStages - 1)) {
      forward = Math.max(forward, bin.forwardNs);
      backward = Math.max(backward, bin.backwardNs);
      filling += forward + backward;
    }
    const more = Math.max(0, forwardStages - 1 - next);
    filling += Math.max(more * (forward + backward), this.#first[next]![start]!);
    const depth = training ? 2 * forwardStages - 1 : forwardStages;
    const ways = this.#tails[next]![start]!.map((tail) => {
      let { worst, ramps } = tail;
      for (let bin = next - 1; bin >= 0; bin--) {
        worst = Math.max(worst, known[bin]!.cost);
        if (bin > 0) ramps += worst;
      }
      return (training ? 2 * ramps : ramps) + (microBatches - depth + 1) * worst;
    });
    return filling + Math.min(...ways);
  }
}

function tailsOf({ bins, units, cost }: Parameters<typeof leastOf>[0]): Tail[][][] {
  const table: Tail[][][] = Array.from({ length: bins + 1 }, () =>
    Array.from({ length: units + 1 }, () => []),
  );
  table[bins]![units] = [{ worst: 0, ramps: 0 }];
  for (let bin = bins - 1; bin >= 0; bin--) {
    for (let start = 0; start <= units; start++) {
      const ways: Tail[] = [];
      for (let end = start; end <= units; end++) {
        const own = cost(bin, start, end);
        if (own === Infinity) continue;
        for (const tail of table[bin + 1]![end]!) {
          const worst = Math.max(own, tail.worst);
          ways.push({ worst, ramps: tail.ramps + (bin > 0 ? worst : 0) });
        }
      }
      table[bin]![start] = unbeaten(ways);
    }
  }
  return table;
}

function unbeaten(ways: readonly Tail[]): Tail[] {
  let least = Infinity;
  return ways
    .toSorted((a, b) => a.worst - b.worst || a.ramps - b.ramps)
    .filter(({ ramps }) => ramps < least && ((least = ramps), true));
}

export function sumOf(bins: readonly Bin[]): number {
  return bins.reduce((sum, { cost }) => sum + cost, 0);
}
