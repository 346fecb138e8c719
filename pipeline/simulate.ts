import type { Action, Op } from './action.js';
import { ScheduleError } from './errors.js';
import { EventQueue } from './event-queue.js';
import { Progress } from './progress.js';
import { waitOf, type Wait } from './readiness.js';
import type { Schedule } from './schedule.js';
import type { Span, StallCause } from './span.js';
import { validateSchedule } from './validate.js';

export interface SimulationOptions {
  /** Whole nanoseconds that an action takes. */
  readonly costNs: (stage: number, op: Op, microBatch: number) => number;
  /** Slots of each link; no bound when absent. */
  readonly slotsPerLink?: number;
  readonly onSpan?: (span: Span) => void;
}

export interface RankTotals {
  readonly busyNs: number;
  readonly stallNs: Readonly<Partial<Record<StallCause, number>>>;
  /** After the rank's last action, until the end of the run. */
  readonly doneNs: number;
}

export interface Simulation {
  readonly makespanNs: number;
  readonly ranks: readonly RankTotals[];
  /** Share of rank time in which nothing is computed. */
  readonly bubbleShare: number;
}

/**
 * Runs a schedule freely, as the threads of the runtime do: each rank takes its actions in order, as soon as the
 * readiness rule lets it. The spans of a rank tile the time from 0 to the end of the run.
 * @throws ScheduleError when the schedule is wrong, never ends, or a cost is no whole number of nanoseconds
 */
export function simulate(schedule: Schedule, options: SimulationOptions): Simulation {
  const { slotsPerLink } = options;
  const limits = slotsPerLink === undefined ? {} : { slotsPerLink };
  validateSchedule(schedule, limits);
  const run = new FreeRun(schedule, new Progress(schedule, limits), options);
  const makespanNs = run.execute();
  const ranks = run.ranks.map((rank) => rank.totals(makespanNs));
  const busyNs = ranks.reduce((sum, rank) => sum + rank.busyNs, 0);
  return { makespanNs, ranks, bubbleShare: makespanNs === 0 ? 0 : 1 - busyNs / (makespanNs * ranks.length) };
}

class FreeRun {
  readonly ranks: readonly SimulatedRank[];
  readonly #schedule: Schedule;
  readonly #progress: Progress;
  readonly #options: SimulationOptions;
  readonly #events = new EventQueue();

  constructor(schedule: Schedule, progress: Progress, options: SimulationOptions) {
    this.#schedule = schedule;
    this.#progress = progress;
    this.#options = options;
    this.ranks = schedule.ranks.map((cells, rank) => new SimulatedRank(rank, cells.flat(), options.onSpan));
  }

  execute(): number {
    let now = 0;
    for (const rank of this.ranks) this.#tryNext(rank, now);
    while (this.#events.size > 0) {
      now = this.#events.nextTime;
      const rank = this.ranks[this.#events.take()]!;
      const ended = rank.finish(now);
      this.#progress.end(ended);
      for (const affected of this.#affectedBy(ended)) this.#tryNext(affected, now);
    }
    return now;
  }

  /** Only these can have become ready: the rank itself, its neighbours in the pipeline, and who starts micro-batches. */
  #affectedBy({ stage }: Action): Set<SimulatedRank> {
    const { stageToRank } = this.#schedule;
    const owners = [stage, stage - 1, stage + 1, 0].flatMap((j) => stageToRank[j] ?? []);
    return new Set(owners.map((rank) => this.ranks[rank]!));
  }

  #tryNext(rank: SimulatedRank, now: number): void {
    const action = rank.next;
    if (rank.isBusy || !action) return;
    const wait = waitOf(action, this.#progress);
    if (wait) {
      rank.block(action, wait, now);
      return;
    }
    const cost = this.#options.costNs(action.stage, action.op, action.microBatch);
    if (!Number.isSafeInteger(cost) || cost < 0) {
      throw new ScheduleError(
        `the cost of ${action.op} at stage ${action.stage} is ${cost}; give a whole number of nanoseconds from 0.`,
      );
    }
    this.#progress.begin(action);
    rank.start(now);
    this.#events.add(now + cost, rank.rank);
  }
}

/** One rank's place in its list, and its time so far. */
class SimulatedRank {
  readonly rank: number;
  isBusy = false;
  readonly #actions: readonly Action[];
  readonly #onSpan: ((span: Span) => void) | undefined;
  readonly #stallNs = new Map<StallCause, number>();
  #position = 0;
  #edgeNs = 0;
  #busyNs = 0;
  #blocked: { action: Action; cause: StallCause } | undefined;

  constructor(rank: number, actions: readonly Action[], onSpan: ((span: Span) => void) | undefined) {
    this.rank = rank;
    this.#actions = actions;
    this.#onSpan = onSpan;
  }

  get next(): Action | undefined {
    return this.#actions[this.#position];
  }

  block(action: Action, { cause }: Wait, now: number): void {
    if (this.#blocked?.cause === cause) return;
    this.#endStall(now);
    this.#blocked = { action, cause };
  }

  start(now: number): void {
    this.#endStall(now);
    this.isBusy = true;
  }

  finish(now: number): Action {
    const action = this.#actions[this.#position++]!;
    this.isBusy = false;
    this.#busyNs += now - this.#edgeNs;
    this.#emit(now, { kind: 'action', ...action });
    return action;
  }

  totals(makespanNs: number): RankTotals {
    const doneNs = makespanNs - this.#edgeNs;
    this.#emit(makespanNs, { kind: 'stall' });
    return { busyNs: this.#busyNs, stallNs: Object.fromEntries(this.#stallNs), doneNs };
  }

  #endStall(now: number): void {
    if (!this.#blocked) return;
    const { action, cause } = this.#blocked;
    this.#blocked = undefined;
    if (now > this.#edgeNs) this.#stallNs.set(cause, (this.#stallNs.get(cause) ?? 0) + now - this.#edgeNs);
    this.#emit(now, { kind: 'stall', ...action, cause });
  }

  #emit(endNs: number, what: Pick<Span, 'kind' | 'stage' | 'op' | 'microBatch' | 'cause'>): void {
    if (endNs > this.#edgeNs || what.kind === 'action') {
      this.#onSpan?.({ replica: 0, rank: this.rank, startNs: this.#edgeNs, endNs, ...what });
    }
    this.#edgeNs = endNs;
  }
}
