import { WHOLE_STAGE, type Action } from '../schedule/action.js';
import { unitLength, type RankRow } from '../schedule/rank-rows.js';
import type { Span, StallCause } from '../schedule/span.js';

export interface RankTotals {
  readonly busyNs: number;
  readonly stallNs: Readonly<Partial<Record<StallCause, number>>>;
  /** After the rank's last action, until the end of the run. */
  readonly doneNs: number;
}

/** One rank's place in its row, and its time so far. */
export class SimulatedRank {
  readonly rank: number;
  readonly row: RankRow;
  isBusy = false;
  /** The unit (an action, or an overlapped pair) that is next or runs: `row.actions` from `at` to before `end`. */
  at = 0;
  end = 0;
  readonly #onSpan: ((span: Span) => void) | undefined;
  readonly #stallNs: Partial<Record<StallCause, number>> = {};
  #edgeNs = 0;
  #busyNs = 0;
  #blockedBy: StallCause | undefined;
  #blocked: Action | undefined;

  constructor(rank: number, row: RankRow, onSpan: ((span: Span) => void) | undefined) {
    this.rank = rank;
    this.row = row;
    this.#onSpan = onSpan;
    this.#setUnit(0);
  }

  get isDone(): boolean {
    return this.at === this.row.actions.length;
  }

  block(action: Action, cause: StallCause, now: number): void {
    if (this.#blockedBy === cause) return;
    this.#endStall(now);
    this.#blockedBy = cause;
    this.#blocked = action;
  }

  start(now: number): void {
    this.#endStall(now);
    this.isBusy = true;
  }

  /** @param costsNs what each action of the unit takes by itself: they share the unit's time in this proportion */
  finish(now: number, costsNs?: readonly number[]): void {
    const startNs = this.#edgeNs;
    this.isBusy = false;
    this.#busyNs += now - startNs;
    const { actions } = this.row;
    if (this.#onSpan === undefined) {
      // Nobody looks.
    } else if (costsNs === undefined) {
      this.#emitAction(now, actions[this.at]!);
    } else {
      const sum = costsNs.reduce((total, cost) => total + cost, 0);
      let done = 0;
      costsNs.forEach((cost, each) => {
        done += cost;
        const share = sum === 0 ? 1 : done / sum;
        this.#emitAction(startNs + Math.round((now - startNs) * share), actions[this.at + each]!);
      });
    }
    this.#edgeNs = now;
    this.#setUnit(this.end);
  }

  totals(makespanNs: number): RankTotals {
    const doneNs = makespanNs - this.#edgeNs;
    if (doneNs > 0) this.#emit(makespanNs, { kind: 'stall' });
    return { busyNs: this.#busyNs, stallNs: this.#stallNs, doneNs };
  }

  #setUnit(at: number): void {
    this.at = at;
    this.end = this.isDone ? at : at + unitLength(this.row, at);
  }

  #endStall(now: number): void {
    const cause = this.#blockedBy;
    if (cause === undefined) return;
    this.#blockedBy = undefined;
    if (now === this.#edgeNs) return;
    const total = this.#stallNs[cause];
    this.#stallNs[cause] = (total ?? 0) + now - this.#edgeNs;
    if (this.#onSpan) this.#emit(now, { kind: 'stall', ...placeOf(this.#blocked!), cause });
    this.#edgeNs = now;
  }

  #emitAction(endNs: number, action: Action): void {
    this.#emit(endNs, { kind: 'action', ...placeOf(action) });
  }

  #emit(endNs: number, what: Pick<Span, 'kind' | 'stage' | 'op' | 'microBatch' | 'cause'>): void {
    this.#onSpan?.({ replica: 0, rank: this.rank, startNs: this.#edgeNs, endNs, ...what });
    this.#edgeNs = endNs;
  }
}

function placeOf({ stage, op, microBatch }: Action): Pick<Span, 'stage' | 'op' | 'microBatch'> {
  return microBatch === WHOLE_STAGE ? { stage, op } : { stage, op, microBatch };
}
