import type { Action } from '../schedule/action.js';
import { ScheduleError } from '../schedule/errors.js';
import { EventQueue } from './event-queue.js';
import { Links, type Exchange } from './exchange.js';
import { isReceive, OP_TABLE, type Op } from '../schedule/op-table.js';
import { Progress } from '../schedule/progress.js';
import type { RankRows } from '../schedule/rank-rows.js';
import { waitOf } from '../schedule/readiness.js';
import { firstWait } from '../schedule/run-order.js';
import type { Schedule } from '../schedule/schedule.js';
import { SimulatedRank, type RankTotals } from './simulated-rank.js';
import type { Span } from '../schedule/span.js';
import { checkedRows } from '../schedule/validate.js';

export interface SimulationOptions {
  /** Whole nanoseconds that an action takes. */
  readonly costNs: (stage: number, op: Op, microBatch: number) => number;
  /** Whole nanoseconds that actions take together which run at the same time; the sum of theirs when absent. */
  readonly overlapNs?: (actions: readonly Action[]) => number;
  /** Transfers between ranks; they take no time when absent. */
  readonly exchange?: Exchange;
  /** Slots of each link; no bound when absent. */
  readonly slotsPerLink?: number;
  readonly onSpan?: (span: Span) => void;
}

export interface Simulation {
  readonly makespanNs: number;
  readonly ranks: readonly RankTotals[];
  /** Share of rank time in which nothing is computed. */
  readonly bubbleShare: number;
}

/**
 * Runs a schedule freely, as the threads of the runtime do: each rank takes its actions in order, as soon as the
 * readiness rule lets it. A transfer takes its time beside the computing of both ranks; a RECV only says that its
 * data may come, and who needs the data waits for it. The spans of a rank tile the time from 0 to the end.
 * @throws ScheduleError when the schedule is wrong, never ends, or a cost is no whole number of nanoseconds
 */
export function simulate(schedule: Schedule, options: SimulationOptions): Simulation {
  const { slotsPerLink } = options;
  const limits = slotsPerLink === undefined ? {} : { slotsPerLink };
  const facts = checkedRows(schedule, limits);
  const run = new FreeRun(schedule, facts, new Progress(schedule, limits, facts), options);
  const makespanNs = run.execute();
  const ranks = run.ranks.map((rank) => rank.totals(makespanNs));
  const busyNs = ranks.reduce((sum, rank) => sum + rank.busyNs, 0);
  return { makespanNs, ranks, bubbleShare: makespanNs === 0 ? 0 : 1 - busyNs / (makespanNs * ranks.length) };
}

/** Events below the number of ranks: that rank's unit ends. Above: what an action sent arrives. */
class FreeRun {
  readonly ranks: readonly SimulatedRank[];
  readonly #schedule: Schedule;
  readonly #progress: Progress;
  readonly #options: SimulationOptions;
  readonly #links: Links | undefined;
  readonly #isLimited: boolean;
  readonly #events = new EventQueue();
  /** Receives that their rank has passed before the data came, by the index of the action. */
  readonly #posted = new Set<number>();

  constructor(schedule: Schedule, { rows }: RankRows, progress: Progress, options: SimulationOptions) {
    this.#schedule = schedule;
    this.#progress = progress;
    this.#options = options;
    this.#isLimited = schedule.inFlightLimit !== undefined;
    this.#links = options.exchange && new Links(schedule, options.exchange);
    this.ranks = rows.map((row, rank) => new SimulatedRank(rank, row, options.onSpan));
  }

  execute(): number {
    let now = 0;
    for (const rank of this.ranks) this.#tryNext(rank, now);
    while (this.#events.size > 0) {
      now = this.#events.nextTime;
      const event = this.#events.take();
      if (event < this.ranks.length) this.#finish(this.ranks[event]!, now);
      else this.#arrive(event - this.ranks.length, now);
    }
    return now;
  }

  #tryNext(rank: SimulatedRank, now: number): void {
    if (rank.isBusy || rank.isDone) return;
    const { at, end, row } = rank;
    const first = row.actions[at]!;
    const blocked = isReceive(first.op) ? undefined : firstWait(row, at, end, this.#progress);
    if (blocked) {
      rank.block(blocked.action, blocked.wait.cause, now);
      return;
    }
    const takesNs = end === at + 1 ? this.#costOf(first) : this.#overlapOf(row.actions.slice(at, end));
    for (let each = at; each < end; each++) this.#progress.begin(row.actions[each]!);
    rank.start(now);
    this.#events.add(now + takesNs, rank.rank);
  }

  #costOf({ stage, op, microBatch }: Action): number {
    return checked(this.#options.costNs(stage, op, microBatch), op, stage);
  }

  #overlapOf(actions: readonly Action[]): number {
    const { overlapNs } = this.#options;
    if (overlapNs) return checked(overlapNs(actions), 'OVERLAP_F_B', actions[0]!.stage);
    return actions.reduce((sum, action) => sum + this.#costOf(action), 0);
  }

  #finish(rank: SimulatedRank, now: number): void {
    const { at, end } = rank;
    const { actions } = rank.row;
    const alone = end === at + 1;
    rank.finish(now, alone ? undefined : actions.slice(at, end).map((action) => this.#costOf(action)));
    for (let each = at; each < end; each++) this.#end(actions[each]!, now);
    this.#tryNext(rank, now);
    for (let each = at; each < end; each++) this.#wake(actions[each]!, now);
  }

  #end(action: Action, now: number): void {
    const { stage, op, microBatch } = action;
    if (isReceive(op) && waitOf(action, this.#progress)) {
      this.#posted.add(this.#progress.index(op, stage, microBatch));
      return;
    }
    this.#progress.end(action);
    const neighbour = this.#sendsTo(action);
    if (neighbour === undefined) return;
    const arrivalNs = this.#links?.arrivalNs(stage, neighbour, now);
    if (arrivalNs === undefined) {
      this.#complete(op, neighbour, microBatch);
    } else {
      this.#progress.depart(action);
      this.#events.add(arrivalNs, this.ranks.length + this.#progress.index(op, stage, microBatch));
    }
  }

  /** The stage to which an action sends its result, by itself or because it is a SEND. */
  #sendsTo({ stage, op }: Action): number | undefined {
    const { moves, kind, neighbour } = OP_TABLE[op];
    const to = stage + neighbour;
    if (moves === undefined || kind === 'receive' || to < 0 || to === this.#schedule.stages) return undefined;
    const isSend = kind === 'send';
    return this.#progress.communicates(Math.max(stage, to)) === isSend ? to : undefined;
  }

  #arrive(index: number, now: number): void {
    const { op, stage, microBatch } = this.#progress.action(index);
    const neighbour = stage + OP_TABLE[op].neighbour;
    this.#progress.arrive(op, stage, microBatch);
    this.#complete(op, neighbour, microBatch);
    this.#tryNext(this.ranks[this.#schedule.stageToRank[neighbour]!]!, now);
  }

  /** A receive that waits for what has come is done. */
  #complete(send: Op, stage: number, microBatch: number): void {
    if (this.#posted.size === 0) return;
    const op = OP_TABLE[send].counterpart;
    if (op && this.#posted.delete(this.#progress.index(op, stage, microBatch))) {
      this.#progress.end({ stage, op, microBatch });
    }
  }

  /**
   * Only these can have become ready: who gets what was sent, who starts micro-batches, and where slots are bounded
   * also who fills the slot that is free again.
   */
  #wake({ stage, op }: Action, now: number): void {
    const { stages, stageToRank } = this.#schedule;
    const own = stageToRank[stage]!;
    const freesSlot = this.#options.slotsPerLink !== undefined;
    const { moves, kind } = OP_TABLE[op];
    const sendsBack = freesSlot || (moves === 'gradient' && kind !== 'receive');
    const sendsOn = freesSlot || (moves === 'activation' && kind !== 'receive');
    const before = stage === 0 || !sendsBack ? own : stageToRank[stage - 1]!;
    const after = stage === stages - 1 || !sendsOn ? own : stageToRank[stage + 1]!;
    const first = stageToRank[0]!;
    if (before !== own) this.#tryNext(this.ranks[before]!, now);
    if (after !== own && after !== before) this.#tryNext(this.ranks[after]!, now);
    if (this.#isLimited && first !== own && first !== before && first !== after) {
      this.#tryNext(this.ranks[first]!, now);
    }
  }
}

/** @throws ScheduleError unless it is a time */
function checked(costNs: number, what: string, stage: number): number {
  if (Number.isSafeInteger(costNs) && costNs >= 0) return costNs;
  throw new ScheduleError(
    `the cost of ${what} at stage ${stage} is ${costNs}; give a whole number of nanoseconds from 0.`,
  );
}
