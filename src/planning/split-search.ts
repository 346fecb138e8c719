/** One way to cut a row of units over bins: `lengths[b]` units in bin b, in order. */
export type Split = readonly number[];

export interface SplitProblem {
  readonly bins: number;
  readonly units: number;
  /** What bin b costs with units `[start, end)`; Infinity where it may not have them. */
  readonly cost: (bin: number, start: number, end: number) => number;
  /** The whole cost of a split; Infinity where it is not allowed. */
  readonly total: (split: Split) => number;
  /** No split that begins with `prefix` costs less in all. */
  readonly bound: (prefix: Split, rest: RestOfBins) => number;
}

/** What is known of the bins after a prefix, however the units that are left are cut. */
export interface RestOfBins {
  /** Its first unit. */
  readonly start: number;
  /** `[b]`: the largest of bins b, b + 1, … is that at least; only for bins after the prefix. */
  readonly largest: readonly number[];
  /** All of them cost that at least. */
  readonly sum: number;
}

export interface SplitResult {
  readonly split: Split;
  readonly total: number;
  /** Splits that were evaluated in full. */
  readonly evaluated: number;
  /** False when the search gave up on proving that nothing is better. */
  readonly exact: boolean;
}

/** About a second; beyond it the best so far is given, and said to be no more than that. */
const MOST_VISITED = 40_000;

/**
 * The best contiguous split. Dynamic programming gives, for every bin and unit to start at, the smallest largest bin
 * of the rest; a search over all splits drops those that cannot beat the best one so far, and evaluates the others in
 * full. Of equal ones the first that is found stays, so the same problem gives the same split.
 * @returns undefined when no split is allowed
 */
export function bestSplit(problem: SplitProblem): SplitResult | undefined {
  const bottleneck = leastOf(problem, Math.max);
  if (!Number.isFinite(bottleneck[0]![0]!)) return undefined;
  return new Search(problem, bottleneck).run();
}

/** `[bin][start]`: the least that `join` makes of the bins from `bin` on when they take the units from `start` on. */
export function leastOf(
  { bins, units, cost }: Pick<SplitProblem, 'bins' | 'units' | 'cost'>,
  join: (bin: number, rest: number) => number,
): number[][] {
  const table = Array.from({ length: bins + 1 }, () => new Array<number>(units + 1).fill(Infinity));
  table[bins]![units] = 0;
  for (let bin = bins - 1; bin >= 0; bin--) {
    for (let start = 0; start <= units; start++) {
      for (let end = start; end <= units; end++) {
        const rest = table[bin + 1]![end]!;
        if (rest >= table[bin]![start]!) continue;
        const all = join(cost(bin, start, end), rest);
        if (all < table[bin]![start]!) table[bin]![start] = all;
      }
    }
  }
  return table;
}

class Search {
  readonly #problem: SplitProblem;
  readonly #bottleneck: readonly (readonly number[])[];
  readonly #sums: readonly (readonly number[])[];
  readonly #lengths: number[] = [];
  /** `[bin]`: the smallest largest bin from there on, wherever it starts. */
  readonly #least: readonly number[];
  #best: { split: Split; total: number } | undefined;
  #evaluated = 0;
  #visited = 0;

  constructor(problem: SplitProblem, bottleneck: readonly (readonly number[])[]) {
    this.#problem = problem;
    this.#bottleneck = bottleneck;
    this.#sums = leastOf(problem, (bin, rest) => bin + rest);
    this.#least = bottleneck.map((row) => Math.min(...row));
  }

  run(): SplitResult | undefined {
    this.#visit(0, 0, this.#bottleneck[0]![0]!, 1); // one with the smallest largest bin is a good bound
    this.#visit(0, 0, Infinity, Infinity);
    const { split, total } = this.#best!;
    if (total === Infinity) return undefined;
    return { split, total, evaluated: this.#evaluated, exact: this.#visited < MOST_VISITED };
  }

  #visit(bin: number, start: number, limit: number, most: number): void {
    const { bins, units, cost } = this.#problem;
    if (bin === bins) {
      this.#evaluate();
      return;
    }
    const rest = this.#bottleneck[bin + 1]!;
    for (let end = units; end >= start && this.#evaluated < most && this.#visited < MOST_VISITED; end--) {
      const worst = Math.max(rest[end]!, cost(bin, start, end));
      if (worst > limit || worst === Infinity) continue;
      this.#visited++;
      this.#lengths.push(end - start);
      if (this.#mayImprove(bin + 1, end)) this.#visit(bin + 1, end, limit, most);
      this.#lengths.pop();
    }
  }

  #mayImprove(next: number, start: number): boolean {
    if (this.#best === undefined) return true;
    const worst = this.#bottleneck[next]![start]!;
    const largest = this.#least.map((least, bin) => (bin === next ? Math.max(least, worst) : least));
    const sum = this.#sums[next]![start]!;
    return this.#problem.bound(this.#lengths, { start, largest, sum }) < this.#best.total;
  }

  #evaluate(): void {
    this.#evaluated++;
    const total = this.#problem.total(this.#lengths);
    if (this.#best === undefined || total < this.#best.total)
      this.#best = { split: [...this.#lengths], total };
  }
}
