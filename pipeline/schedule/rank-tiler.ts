import { isSame, type Action } from './action.js';
import type { Phase, Span, StallCause } from './span.js';

/** What a rank's time went into, in whole nanoseconds. */
export interface RankTotals {
  /** Actions, without the phases before and after them. */
  readonly busyNs: number;
  readonly phaseNs: Readonly<Partial<Record<Phase, number>>>;
  readonly stallNs: Readonly<Partial<Record<StallCause, number>>>;
  /** After the rank's last action, until the end of the run. */
  readonly doneNs: number;
}

export interface TilerOptions {
  readonly replica?: number;
  readonly rank: number;
  /** Where its first span begins; 0 when absent. */
  readonly startNs?: number;
  /** Is told each span as soon as it has ended; without it, only totals are kept. */
  readonly onSpan?: ((span: Span) => void) | undefined;
}

type Extras = Pick<Span, 'uploads' | 'readbacks'>;

/**
 * One rank's time, cut into spans without a gap: each begins where the one before it ended. Who uses it only says when
 * something ends (whole nanoseconds since the run began, measured or simulated); a time before the last end counts as
 * that end. Simulators and the runtime's recorder all tile with this.
 *
 *     blocked(F3, 'upstream')  blocked again  ready()   stall('dispatch')   action(F3)
 *     |··········· stall: upstream ··········|···· stall: dispatch ····|──── F3 ────|
 */
export class RankTiler {
  readonly #replica: number;
  readonly #rank: number;
  readonly #onSpan: ((span: Span) => void) | undefined;
  readonly #phaseNs: Partial<Record<Phase, number>> = {};
  readonly #stallNs: Partial<Record<StallCause, number>> = {};
  #edgeNs: number;
  #busyNs = 0;
  #doneNs = 0;
  #blocked: Action | undefined;
  #cause: StallCause | undefined;

  constructor({ replica = 0, rank, startNs = 0, onSpan }: TilerOptions) {
    this.#replica = replica;
    this.#rank = rank;
    this.#edgeNs = startNs;
    this.#onSpan = onSpan;
  }

  /** Where the last span ended. */
  get edgeNs(): number {
    return this.#edgeNs;
  }

  /** The rank's next action cannot run; to be called each time that it was looked at. */
  blocked(action: Action, cause: StallCause, nowNs: number): void {
    if (this.#cause === cause && isSame(action, this.#blocked!)) return;
    this.ready(nowNs);
    this.#blocked = action;
    this.#cause = cause;
  }

  /** What the rank was blocked by is there, if it was. @returns whether it has waited since its last span */
  ready(nowNs: number): boolean {
    const cause = this.#cause;
    if (cause === undefined) return false;
    this.#cause = undefined;
    if (nowNs <= this.#edgeNs) return false;
    this.stall(nowNs, cause, this.#blocked);
    return true;
  }

  /** The rank did nothing until `endNs`; no span when no time has passed. */
  stall(endNs: number, cause: StallCause, action?: Action): void {
    if (endNs <= this.#edgeNs) return;
    this.#stallNs[cause] = (this.#stallNs[cause] ?? 0) + endNs - this.#edgeNs;
    if (this.#onSpan) this.#emit(endNs, { kind: 'stall', ...(action && placeOf(action)), cause });
    this.#edgeNs = endNs;
  }

  /** An action ended; there is a span even when no time has passed. */
  action(endNs: number, action: Action, extras?: Extras): void {
    const end = Math.max(endNs, this.#edgeNs);
    this.#busyNs += end - this.#edgeNs;
    if (this.#onSpan) this.#emit(end, { kind: 'action', ...placeOf(action), ...extras });
    this.#edgeNs = end;
  }

  /** @param action to which the phase belongs, if it does to one */
  phase(endNs: number, phase: Phase, action?: Action): void {
    if (endNs <= this.#edgeNs) return;
    this.#phaseNs[phase] = (this.#phaseNs[phase] ?? 0) + endNs - this.#edgeNs;
    if (this.#onSpan) this.#emit(endNs, { kind: 'phase', ...(action && placeOf(action)), phase });
    this.#edgeNs = endNs;
  }

  /** The run ended; the rank has had nothing left to do since its last span. */
  done(endNs: number): void {
    if (endNs <= this.#edgeNs) return;
    this.#doneNs += endNs - this.#edgeNs;
    if (this.#onSpan) this.#emit(endNs, { kind: 'stall' });
    this.#edgeNs = endNs;
  }

  totals(): RankTotals {
    return { busyNs: this.#busyNs, phaseNs: this.#phaseNs, stallNs: this.#stallNs, doneNs: this.#doneNs };
  }

  #emit(endNs: number, what: Omit<Span, 'replica' | 'rank' | 'startNs' | 'endNs'>): void {
    this.#onSpan?.({ replica: this.#replica, rank: this.#rank, startNs: this.#edgeNs, endNs, ...what });
  }
}

/** Of a whole-stage action the micro-batch is left out. */
function placeOf({ stage, op, microBatch }: Action): Pick<Span, 'stage' | 'op' | 'microBatch'> {
  return microBatch < 0 ? { stage, op } : { stage, op, microBatch };
}
