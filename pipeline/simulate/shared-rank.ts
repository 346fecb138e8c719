import type { Action } from '../schedule/action.js';
import type { Span, StallCause } from '../schedule/span.js';

interface SharedRankSetup {
  readonly replica: number;
  readonly rank: number;
  readonly actions: readonly Action[];
  readonly onSpan: ((span: Span) => void) | undefined;
}

/** One rank's place in its list, and its spans, which tile the time from 0. */
export class SharedRank {
  readonly replica: number;
  readonly rank: number;
  /** Dispatching or computing. */
  isBusy = false;
  readonly #actions: readonly Action[];
  readonly #onSpan: ((span: Span) => void) | undefined;
  #position = 0;
  #edgeNs = 0;
  #cause: StallCause | undefined;

  constructor({ replica, rank, actions, onSpan }: SharedRankSetup) {
    this.replica = replica;
    this.rank = rank;
    this.#actions = actions;
    this.#onSpan = onSpan;
  }

  get next(): Action | undefined {
    return this.#actions[this.#position];
  }

  /** The next action cannot run; called each time that it was looked at. */
  block(cause: StallCause, nowNs: number): void {
    if (this.#cause !== cause) this.#endStall(nowNs);
    this.#cause = cause;
  }

  /** Everything that the next action needs is there. @returns whether the rank had to wait for it */
  dispatch(nowNs: number): boolean {
    const hasWaited = this.#cause !== undefined && nowNs > this.#edgeNs;
    this.#endStall(nowNs);
    this.isBusy = true;
    this.#cause = 'dispatch';
    return hasWaited;
  }

  begin(nowNs: number): void {
    this.#endStall(nowNs);
  }

  finish(nowNs: number): void {
    this.#emit(nowNs, { kind: 'action', ...this.next });
    this.#position++;
    this.isBusy = false;
  }

  end(nowNs: number): void {
    if (nowNs > this.#edgeNs) this.#emit(nowNs, { kind: 'stall' });
  }

  #endStall(nowNs: number): void {
    const cause = this.#cause;
    this.#cause = undefined;
    if (cause !== undefined && nowNs > this.#edgeNs)
      this.#emit(nowNs, { kind: 'stall', ...this.next, cause });
  }

  #emit(endNs: number, what: Pick<Span, 'kind' | 'stage' | 'op' | 'microBatch' | 'cause'>): void {
    this.#onSpan?.({ replica: this.replica, rank: this.rank, startNs: this.#edgeNs, endNs, ...what });
    this.#edgeNs = endNs;
  }
}
