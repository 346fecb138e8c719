import { OP_TABLE } from '../../pipeline/schedule/op-table.js';
import type { Span } from '../../pipeline/schedule/span.js';
import type { RunDescription } from './run-description.js';

/** Changes that may wait until every rank of their replica has reported past them. */
const MOST_WAITING = 1 << 14;
const SETTLE_EVERY = 1 << 10;

interface Change {
  readonly atNs: number;
  readonly rank: number;
  readonly by: 1 | -1;
}

export type OnHeld = (replica: number, rank: number, atNs: number, count: number) => void;

/**
 * How many activations each rank holds over time. A forward pass takes one. In training the backward pass of the
 * stage gives it back (its W, where that is apart); in inference the end of the next stage's forward pass, which has
 * read it, and at the last stage its own end.
 */
export class HeldActivations {
  readonly #run: RunDescription;
  readonly #onHeld: OnHeld;
  readonly #replicas = new Map<number, ReplicaHeld>();

  constructor(run: RunDescription, onHeld: OnHeld) {
    this.#run = run;
    this.#onHeld = onHeld;
  }

  add(span: Span): void {
    let held = this.#replicas.get(span.replica);
    if (held === undefined) {
      held = new ReplicaHeld(new Set(this.#run.stageToRank), this.#onHeld.bind(undefined, span.replica));
      this.#replicas.set(span.replica, held);
    }
    held.report(span.rank, span.endNs, this.#changes(span));
  }

  end(): void {
    for (const held of this.#replicas.values()) held.settle(Infinity);
  }

  #changes({ kind, op, stage, rank, startNs, endNs }: Span): Change[] {
    if (kind !== 'action' || op === undefined || stage === undefined) return [];
    const { stash } = OP_TABLE[op];
    const { training, stageToRank } = this.#run;
    const given = (by: number): Change => ({ atNs: endNs, rank: by, by: -1 });
    const taken: Change = { atNs: startNs, rank, by: 1 };
    if (training) return stash === 'keeps' ? [taken] : stash === 'frees' ? [given(rank)] : [];
    if (stash !== 'keeps') return [];
    const before = stageToRank[stage - 1];
    const isLast = stage === stageToRank.length - 1;
    return [taken, ...(before === undefined ? [] : [given(before)]), ...(isLast ? [given(rank)] : [])];
  }
}

/** Ranks report in bunches, so changes wait until all have reported past them; memory holds the bunches. */
class ReplicaHeld {
  readonly #reportedNs = new Map<number, number>();
  readonly #counts = new Map<number, number>();
  readonly #onHeld: (rank: number, atNs: number, count: number) => void;
  #waiting: Change[] = [];
  #sinceSettled = 0;

  constructor(ranks: ReadonlySet<number>, onHeld: (rank: number, atNs: number, count: number) => void) {
    for (const rank of ranks) this.#reportedNs.set(rank, -1);
    this.#onHeld = onHeld;
  }

  report(rank: number, endNs: number, changes: readonly Change[]): void {
    this.#reportedNs.set(rank, endNs);
    this.#waiting.push(...changes);
    if (++this.#sinceSettled < SETTLE_EVERY) return;
    this.settle(this.#waiting.length > MOST_WAITING ? Infinity : Math.min(...this.#reportedNs.values()));
  }

  /** Counts all changes before a moment that every rank has passed. */
  settle(untilNs: number): void {
    this.#sinceSettled = 0;
    this.#waiting.sort((a, b) => a.atNs - b.atNs);
    const later = this.#waiting.findIndex(({ atNs }) => atNs >= untilNs);
    const settled = later === -1 ? this.#waiting : this.#waiting.slice(0, later);
    this.#waiting = later === -1 ? [] : this.#waiting.slice(later);
    for (let at = 0; at < settled.length;) at = this.#count(settled, at);
  }

  /** All changes of one moment together: what is taken and given back at once was never held. */
  #count(changes: readonly Change[], first: number): number {
    const { atNs } = changes[first]!;
    const touched = new Set<number>();
    let at = first;
    for (; changes[at]?.atNs === atNs; at++) {
      const { rank, by } = changes[at]!;
      this.#counts.set(rank, (this.#counts.get(rank) ?? 0) + by);
      touched.add(rank);
    }
    for (const rank of touched) this.#onHeld(rank, atNs, this.#counts.get(rank)!);
    return at;
  }
}
