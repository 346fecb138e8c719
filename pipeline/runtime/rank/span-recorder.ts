import type { Action } from '../../schedule/action.js';
import type { Span, StallCause } from '../../schedule/span.js';
import type { Transfers } from '../stage.js';
import { nowNs } from '../links/bell.js';

const FLUSH_SPANS = 64;
const FLUSH_NS = 100_000_000;

export interface ActionTimes {
  /** When the last thing that the action waited for had come. */
  readonly readyNs: number;
  readonly startNs: number;
  readonly endNs: number;
}

interface Stall {
  readonly action: Action;
  readonly cause: StallCause;
}

/**
 * Writes one rank's spans: each begins where the last one ended, so they tile its time. Made only for runs that
 * are observed.
 */
export class SpanRecorder {
  readonly #replica: number;
  readonly #rank: number;
  readonly #runStartNs: number;
  readonly #send: (spans: readonly Span[]) => void;
  #spans: Span[] = [];
  #sentNs: number;
  /** Where the last span ended. */
  #edgeNs: number;
  #stall: Stall | undefined;

  constructor(replica: number, rank: number, runStartNs: number, send: (spans: readonly Span[]) => void) {
    this.#replica = replica;
    this.#rank = rank;
    this.#runStartNs = runStartNs;
    this.#send = send;
    this.#edgeNs = runStartNs;
    this.#sentNs = runStartNs;
  }

  /** The rank's next action cannot run. Called each time that it was looked at. */
  blocked(action: Action, cause: StallCause): void {
    if (this.#stall?.cause !== cause || this.#stall.action.microBatch !== action.microBatch) {
      this.#endStall(nowNs());
      this.#stall = { action, cause };
    }
  }

  /** An action is over. @param transfers of this action alone */
  acted(action: Action, times: ActionTimes, transfers?: Transfers): void {
    const { readyNs, startNs, endNs } = times;
    this.#endStall(Math.min(readyNs, startNs));
    this.#push(startNs, { kind: 'stall', ...action, cause: 'dispatch' });
    this.#push(endNs, { kind: 'action', ...action, ...transfers });
    if (this.#spans.length >= FLUSH_SPANS || endNs - this.#sentNs > FLUSH_NS) this.flush();
  }

  /** The rank has nothing left to do. @returns since when. */
  finish(): number {
    this.#endStall(nowNs());
    this.flush();
    return this.#edgeNs;
  }

  flush(): void {
    if (this.#spans.length === 0) return;
    this.#send(this.#spans);
    this.#spans = [];
    this.#sentNs = this.#edgeNs;
  }

  #endStall(atNs: number): void {
    if (this.#stall !== undefined) {
      const { action, cause } = this.#stall;
      this.#push(atNs, { kind: 'stall', ...action, cause });
    }
    this.#stall = undefined;
  }

  /** From the edge to `endNs`, which becomes the edge; nothing when no time has passed. */
  #push(
    endNs: number,
    what: Pick<Span, Exclude<keyof Span, 'replica' | 'rank' | 'startNs' | 'endNs'>>,
  ): void {
    if (endNs <= this.#edgeNs) return;
    this.#spans.push({
      replica: this.#replica,
      rank: this.#rank,
      startNs: this.#edgeNs - this.#runStartNs,
      endNs: endNs - this.#runStartNs,
      ...what,
    });
    this.#edgeNs = endNs;
  }
}
