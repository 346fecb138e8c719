import type { LatencyHistogram } from './benchmark-report.js';

/** Each bin reaches this much further than the one before. */
const RATIO = 1.05;

/** Counts latencies in bins that grow by 5 %: a few hundred numbers, however many latencies there are. */
export class LatencyBins {
  readonly #counts = new Map<number, number>();

  add(latencyNs: number): void {
    const bin = Math.floor(Math.log(Math.max(1, latencyNs)) / Math.log(RATIO));
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + 1);
  }

  /** From the first bin with a latency to the last. */
  histogram(): LatencyHistogram {
    const bins = [...this.#counts.keys()];
    if (bins.length === 0) return { edgesMs: [], counts: [] };
    const first = Math.min(...bins);
    const count = Math.max(...bins) - first + 1;
    const edge = (_: unknown, at: number): number => RATIO ** (first + at) / 1e6;
    return {
      edgesMs: Array.from({ length: count + 1 }, edge),
      counts: Array.from({ length: count }, (_, at) => this.#counts.get(first + at) ?? 0),
    };
  }
}
