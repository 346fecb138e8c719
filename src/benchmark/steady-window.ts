import type { Span, StallCause } from '../../pipeline/schedule/span.js';

/** What one rank did while the pipeline was in its steady state; the shares of `busy` and all stalls sum to 1. */
export interface RankActivity {
  readonly replica: number;
  readonly rank: number;
  readonly busyShare: number;
  readonly stallShares: Readonly<Partial<Record<StallCause, number>>>;
  readonly actions: number;
  /** Mean time of the actions of one micro-batch, in milliseconds. */
  readonly microBatchMs: number;
}

export interface SteadyActivity {
  readonly seconds: number;
  readonly microBatches: number;
  /** Micro-batches per second in each eighth of the window; none where an eighth would have fewer than 3. */
  readonly rates: readonly number[];
  readonly ranks: readonly RankActivity[];
}

export interface WindowSettings {
  readonly stages: number;
  readonly replicas: number;
  /** Micro-batches that have left the pipeline when the window opens. */
  readonly openAfter: number;
  /** Micro-batches that leave it while the window is open. */
  readonly microBatches: number;
}

/** Parts of a window that show how steady it is, and the micro-batches that each has at least. */
const PARTS = 8;
const LEAST_OF_PART = 3;

/**
 * Adds up spans between two moments: from when the last stage finished `openAfter` micro-batches to when it
 * finished `microBatches` more. Work goes on before and after, so that neither fill nor drain is counted and as
 * much work is in flight at the end as at the beginning.
 *
 * Spans come in order of time for each rank, but ranks report in bunches. A span waits until every replica has
 * reported past its end; so memory holds the bunches, not the run.
 */
export class SteadyWindow {
  readonly #settings: WindowSettings;
  readonly #accounts = new Map<string, Account>();
  /** Per replica: the end of the last stage's latest action. */
  readonly #reported: number[];
  #waiting: Span[] = [];
  #finishes: number[] = [];
  #finished = 0;
  #openNs = Infinity;
  #closeNs = Infinity;
  readonly #rates: number[] = [];
  #partNs = 0;
  #partFinished = 0;

  constructor(settings: WindowSettings) {
    this.#settings = settings;
    this.#reported = new Array<number>(settings.replicas).fill(-1);
    if (settings.openAfter === 0) this.#openNs = 0;
  }

  add(span: Span): void {
    if (span.startNs >= this.#closeNs) return;
    this.#waiting.push(span);
    if (span.kind !== 'action' || span.stage !== this.#settings.stages - 1) return;
    this.#finishes.push(span.endNs);
    this.#reported[span.replica] = span.endNs;
    this.#settle(Math.min(...this.#reported));
  }

  /** Call it when the run has ended. Undefined when the run was too short for the window to close. */
  activity(): SteadyActivity | undefined {
    this.#settle(Infinity);
    if (this.#closeNs === Infinity) return undefined;
    const wallNs = this.#closeNs - this.#openNs;
    const ranks = [...this.#accounts.values()].map((account) => account.activity(wallNs));
    ranks.sort((a, b) => a.replica - b.replica || a.rank - b.rank);
    const { microBatches } = this.#settings;
    return { seconds: wallNs / 1e9, microBatches, rates: this.#rates, ranks };
  }

  /** Takes over all that ended up to a moment which every replica has passed. */
  #settle(untilNs: number): void {
    const { openAfter, microBatches } = this.#settings;
    this.#finishes.sort((a, b) => a - b);
    while (this.#finishes.length > 0 && this.#finishes[0]! <= untilNs) {
      const endNs = this.#finishes.shift()!;
      this.#finished++;
      if (this.#finished === openAfter) this.#openNs = endNs;
      this.#closePart(this.#finished - openAfter, endNs);
      if (this.#finished === openAfter + microBatches) this.#closeNs = endNs;
    }
    const later: Span[] = [];
    for (const span of this.#waiting) {
      if (span.endNs <= untilNs) this.#count(span);
      else later.push(span);
    }
    this.#waiting = later;
  }

  /** @param inWindow micro-batches that have finished since the window opened */
  #closePart(inWindow: number, endNs: number): void {
    const { microBatches } = this.#settings;
    if (microBatches < PARTS * LEAST_OF_PART || inWindow < 0 || inWindow > microBatches) return;
    if (inWindow > 0) {
      if (inWindow < Math.round((microBatches * (this.#rates.length + 1)) / PARTS)) return;
      this.#rates.push(((inWindow - this.#partFinished) * 1e9) / (endNs - this.#partNs));
    }
    [this.#partNs, this.#partFinished] = [endNs, inWindow];
  }

  #count(span: Span): void {
    const ns = Math.min(span.endNs, this.#closeNs) - Math.max(span.startNs, this.#openNs);
    if (!(ns > 0)) return;
    const key = `${span.replica}:${span.rank}`;
    const account = this.#accounts.get(key) ?? new Account(span.replica, span.rank);
    this.#accounts.set(key, account);
    account.count(span, ns);
  }
}

/** One rank's totals. */
class Account {
  readonly #replica: number;
  readonly #rank: number;
  readonly #stallNs = new Map<StallCause, number>();
  readonly #stages = new Set<number>();
  #busyNs = 0;
  #actions = 0;
  #actionNs = 0;

  constructor(replica: number, rank: number) {
    this.#replica = replica;
    this.#rank = rank;
  }

  /** @param ns the part of the span that lies in the window */
  count(span: Span, ns: number): void {
    if (span.kind === 'action') {
      this.#busyNs += ns;
      this.#actions++;
      this.#actionNs += span.endNs - span.startNs;
      this.#stages.add(span.stage ?? 0);
    } else {
      const cause = span.cause ?? 'dispatch';
      this.#stallNs.set(cause, (this.#stallNs.get(cause) ?? 0) + ns);
    }
  }

  activity(wallNs: number): RankActivity {
    const stallShares = Object.fromEntries([...this.#stallNs].map(([cause, ns]) => [cause, ns / wallNs]));
    return {
      replica: this.#replica,
      rank: this.#rank,
      busyShare: this.#busyNs / wallNs,
      stallShares,
      actions: this.#actions,
      microBatchMs: this.#actions === 0 ? 0 : (this.#actionNs / this.#actions / 1e6) * this.#stages.size,
    };
  }
}
