import type { Action } from '../../schedule/action.js';
import { RankTiler } from '../../schedule/rank-tiler.js';
import type { Span, StallCause } from '../../schedule/span.js';
import type { Clock } from '../links/clock.js';
import type { RankSetup } from './protocol.js';
import type { DeviceTransfers } from './stage.js';

const FLUSH_SPANS = 64;
const FLUSH_NS = 100_000_000;

interface ActionTimes {
  /** When the last thing that the action waited for had come. */
  readonly readyNs: number;
  readonly startNs: number;
  readonly endNs: number;
}

/** Cuts one rank's time into spans, in the run's time, and sends them in bunches. Made only for observed runs. */
export class RankRecorder {
  readonly #clock: Clock;
  readonly #runStartNs: number;
  readonly #tiler: RankTiler;
  readonly #send: (spans: readonly Span[]) => void;
  #spans: Span[] = [];
  #sentNs = 0;

  constructor(
    { replica, rank }: RankSetup,
    clock: Clock,
    runStartNs: number,
    send: (spans: readonly Span[]) => void,
  ) {
    this.#clock = clock;
    this.#runStartNs = runStartNs;
    this.#tiler = new RankTiler({ replica, rank, onSpan: (span) => this.#spans.push(span) });
    this.#send = send;
  }

  /** The rank's next action cannot run. Called each time that it was looked at. */
  blocked(action: Action, cause: StallCause): void {
    this.#tiler.blocked(action, cause, this.#nowNs());
  }

  /** An action is over. @param transfers of this action alone */
  acted(action: Action, { readyNs, startNs, endNs }: ActionTimes, transfers?: DeviceTransfers): void {
    const tiler = this.#tiler;
    tiler.ready(Math.min(readyNs, startNs) - this.#runStartNs);
    tiler.stall(startNs - this.#runStartNs, 'dispatch', action);
    tiler.action(endNs - this.#runStartNs, action, transfers);
    if (this.#spans.length >= FLUSH_SPANS || tiler.edgeNs - this.#sentNs > FLUSH_NS) this.flush();
  }

  /** The rank has nothing left to do. @returns since when, in the run's time */
  finish(): number {
    this.#tiler.ready(this.#nowNs());
    this.flush();
    return this.#tiler.edgeNs;
  }

  flush(): void {
    if (this.#spans.length === 0) return;
    this.#send(this.#spans);
    this.#spans = [];
    this.#sentNs = this.#tiler.edgeNs;
  }

  #nowNs(): number {
    return this.#clock.nowNs() - this.#runStartNs;
  }
}
