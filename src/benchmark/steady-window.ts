import type { Span, StallCause } from '../../pipeline/span.js';

/** What one rank did while the pipeline was in its steady state; the shares of `busy` and all stalls sum to 1. */
export interface RankActivity {
  readonly replica: number;
  readonly rank: number;
  readonly busyShare: number;
  readonly stallShares: Readonly<Partial<Record<StallCause, number>>>;
  readonly actions: number;
  /** Mean time of one action, in milliseconds. */
  readonly actionMs: number;
}

export interface SteadyActivity {
  readonly seconds: number;
  readonly microBatches: number;
  readonly ranks: readonly RankActivity[];
}

interface Account {
  busyNs: number;
  actions: number;
  actionNs: number;
  readonly stallNs: Map<StallCause, number>;
}

/**
 * Adds up spans between two moments: from when the last stage finished `openAfter` micro-batches to when it
 * finished `microBatches` more. Work goes on before and after, so that neither fill nor drain is counted and as
 * much work is in flight at the end as at the beginning. Keeps totals only: memory does not grow with the run.
 */
export class SteadyWindow {
  readonly #accounts = new Map<string, Account>();
  #lastStage: number;
  #openAfter: number;
  #closeAfter: number;
  #finished = 0;
  #openNs: number | undefined;
  #closeNs: number | undefined;

  constructor(settings: { lastStage: number; openAfter: number; microBatches: number }) {
    this.#lastStage = settings.lastStage;
    this.#openAfter = settings.openAfter;
    this.#closeAfter = settings.openAfter + settings.microBatches;
    if (this.#openAfter === 0) this.#openNs = 0;
  }

  add(span: Span): void {
    const from = Math.max(span.startNs, this.#openNs ?? Infinity);
    const to = Math.min(span.endNs, this.#closeNs ?? Infinity);
    if (to > from) this.#count(span, to - from);
    if (span.kind === 'action' && span.stage === this.#lastStage) this.#finish(span.endNs);
  }

  get isClosed(): boolean {
    return this.#closeNs !== undefined;
  }

  /** Undefined while the window has not closed: the run was too short. */
  activity(): SteadyActivity | undefined {
    if (this.#openNs === undefined || this.#closeNs === undefined) return undefined;
    const wallNs = this.#closeNs - this.#openNs;
    const ranks = [...this.#accounts].map(([key, account]) => rankActivity(key, account, wallNs));
    ranks.sort((a, b) => a.replica - b.replica || a.rank - b.rank);
    return { seconds: wallNs / 1e9, microBatches: this.#closeAfter - this.#openAfter, ranks };
  }

  #finish(endNs: number): void {
    this.#finished++;
    if (this.#finished === this.#openAfter) this.#openNs = endNs;
    if (this.#finished === this.#closeAfter) this.#closeNs = endNs;
  }

  #count(span: Span, ns: number): void {
    const key = `${span.replica}:${span.rank}`;
    const account = this.#accounts.get(key) ?? { busyNs: 0, actions: 0, actionNs: 0, stallNs: new Map() };
    this.#accounts.set(key, account);
    if (span.kind === 'action') {
      account.busyNs += ns;
      account.actions++;
      account.actionNs += span.endNs - span.startNs;
    } else {
      const cause = span.cause ?? 'dispatch';
      account.stallNs.set(cause, (account.stallNs.get(cause) ?? 0) + ns);
    }
  }
}

function rankActivity(key: string, account: Account, wallNs: number): RankActivity {
  const [replica, rank] = key.split(':').map(Number) as [number, number];
  const stallShares = Object.fromEntries([...account.stallNs].map(([cause, ns]) => [cause, ns / wallNs]));
  return {
    replica,
    rank,
    busyShare: account.busyNs / wallNs,
    stallShares,
    actions: account.actions,
    actionMs: account.actions === 0 ? 0 : account.actionNs / account.actions / 1e6,
  };
}
