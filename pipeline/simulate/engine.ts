import type { Action } from '../schedule/action.js';
import { ScheduleError } from '../schedule/errors.js';
import { OP_TABLE, OPS, type OpFacts } from '../schedule/op-table.js';
import { Progress } from '../schedule/progress.js';
import { opAt, type RankRows } from '../schedule/rank-rows.js';
import { waitOf } from '../schedule/readiness.js';
import { firstWait } from '../schedule/run-order.js';
import type { Schedule } from '../schedule/schedule.js';
import { EngineRank, type Replica } from './engine-rank.js';
import { EventQueue } from './event-queue.js';
import { Links } from './exchange.js';
import { PARTS, SharedCores } from './shared-cores.js';
import type { SimulationOptions } from './simulate.js';

/**
 * The event loop of free runs. Two clocks say when a rank is done: the event queue where each has a core of its own,
 * `SharedCores` where they share them. Transfers are events in both.
 *
 * Events below the number of ranks: that rank is done with its dispatch or its unit. Above: what an action sent
 * arrives.
 */
export class Engine {
  /** Replica by replica. */
  readonly ranks: readonly EngineRank[];
  readonly #schedule: Schedule;
  readonly #options: SimulationOptions;
  readonly #replicas: readonly Replica[];
  readonly #events = new EventQueue();
  readonly #cores: SharedCores | undefined;
  /** Action indexes of one replica. */
  readonly #indexes: number;

  /** @param facts rows that are known to be right */
  constructor(schedule: Schedule, facts: RankRows, options: SimulationOptions) {
    const { replicas = 1, slotsPerLink, exchange, speed, onSpan } = options;
    const limits = slotsPerLink === undefined ? {} : { slotsPerLink };
    this.#schedule = schedule;
    this.#options = options;
    this.#cores = speed && new SharedCores(speed);
    this.#indexes = OPS.length * schedule.stages * schedule.microBatches;
    this.#replicas = Array.from({ length: replicas }, (_, index) => {
      const links = exchange && new Links(schedule, exchange);
      const progress = new Progress(schedule, limits, facts);
      const replica: Replica = { index, progress, links, ranks: [], posted: new Set() };
      replica.ranks.push(...facts.rows.map((row, rank) => new EngineRank(replica, rank, row, onSpan)));
      return replica;
    });
    this.ranks = this.#replicas.flatMap(({ ranks }) => ranks);
  }

  /** @returns when the last event was, in nanoseconds */
  run(): number {
    for (const rank of this.ranks) this.#tryNext(rank, 0);
    return this.#cores ? this.#runShared(this.#cores) : this.#runEvents(Infinity, 0);
  }

  #runShared(cores: SharedCores): number {
    let now = 0;
    for (;;) {
      const next = Math.min(cores.nextNs, this.#events.size > 0 ? this.#events.nextTime : Infinity);
      if (next === Infinity) return now;
      now = next;
      for (const rank of cores.passTo(now)) this.#proceed(rank, now);
      this.#runEvents(now, now);
    }
  }

  /** All events up to a moment. @returns when the last of them was */
  #runEvents(untilNs: number, startNs: number): number {
    const [events, count] = [this.#events, this.ranks.length];
    let now = startNs;
    while (events.size > 0 && events.nextTime <= untilNs) {
      now = events.nextTime;
      const event = events.take();
      if (event < count) this.#proceed(this.ranks[event]!, now);
      else this.#arrive(event - count, now);
    }
    return now;
  }

  #tryNext(rank: EngineRank, now: number): void {
    if (rank.state !== 'free' || rank.isDone) return;
    const { at, end, row, tiler } = rank;
    const { progress } = rank.replica;
    const blocked = opAt(row, at).kind === 'receive' ? undefined : firstWait(row, at, end, progress);
    if (blocked) {
      tiler.blocked(blocked.action, blocked.wait.cause, now);
      return;
    }
    for (let each = at; each < end; each++) progress.begin(row.actions[each]!, opAt(row, each));
    const hasWaited = tiler.ready(now);
    const { dispatchNs } = this.#options;
    const ns = dispatchNs === undefined ? 0 : hasWaited ? dispatchNs.afterWait : dispatchNs.atOnce;
    if (ns === 0) this.#compute(rank, now);
    else {
      rank.state = 'dispatches';
      this.#start(rank, this.#checked(ns, 'dispatch', rank.first.stage), now);
    }
  }

  #compute(rank: EngineRank, now: number): void {
    const { at, end, row } = rank;
    rank.state = 'computes';
    const alone = end === at + 1;
    this.#start(rank, alone ? this.#costOf(rank.first) : this.#overlapOf(row.actions.slice(at, end)), now);
  }

  #start(rank: EngineRank, ns: number, now: number): void {
    if (this.#cores) this.#cores.start(rank, ns);
    else this.#events.add(now + ns, rank.replica.index * this.#schedule.ranks.length + rank.rank);
  }

  #costOf({ stage, op, microBatch }: Action): number {
    return this.#checked(this.#options.costNs(stage, op, microBatch), op, stage);
  }

  #overlapOf(actions: readonly Action[]): number {
    const { overlapNs } = this.#options;
    if (overlapNs) return this.#checked(overlapNs(actions), 'OVERLAP_F_B', actions[0]!.stage);
    return actions.reduce((sum, action) => sum + this.#costOf(action), 0);
  }

  /** @throws ScheduleError unless it is a time */
  #checked(costNs: number, what: string, stage: number): number {
    const most = this.#cores ? Math.floor(Number.MAX_SAFE_INTEGER / PARTS) : Number.MAX_SAFE_INTEGER;
    if (Number.isInteger(costNs) && costNs >= 0 && costNs <= most) return costNs;
    throw new ScheduleError(
      `the cost of ${what} at stage ${stage} is ${costNs}; give a whole number of nanoseconds from 0 to ${most}.`,
    );
  }

  /** A rank is done with what it was at. */
  #proceed(rank: EngineRank, now: number): void {
    if (rank.state === 'dispatches') {
      rank.tiler.stall(now, 'dispatch', rank.first);
      this.#compute(rank, now);
      return;
    }
    const { at, end, row } = rank;
    const { actions } = row;
    const alone = end === at + 1;
    rank.finish(now, alone ? undefined : actions.slice(at, end).map((action) => this.#costOf(action)));
    for (let each = at; each < end; each++) this.#end(rank.replica, actions[each]!, opAt(row, each), now);
    this.#tryNext(rank, now);
    for (let each = at; each < end; each++) this.#wake(rank, actions[each]!.stage, opAt(row, each), now);
  }

  #end(replica: Replica, action: Action, op: OpFacts, now: number): void {
    const { stage } = action;
    const { progress, posted, links } = replica;
    if (op.kind === 'receive' && waitOf(action, progress)) {
      posted.add(progress.index(action, op));
      return;
    }
    progress.end(action, op);
    const neighbour = progress.handsTo(stage, op);
    if (neighbour === undefined) return;
    const arrivalNs = links?.arrivalNs(stage, neighbour, now);
    if (arrivalNs === undefined) {
      this.#complete(replica, action, op);
    } else {
      progress.depart(action, op);
      this.#events.add(
        arrivalNs,
        this.ranks.length + replica.index * this.#indexes + progress.index(action, op),
      );
    }
  }

  #arrive(event: number, now: number): void {
    const replica = this.#replicas[Math.floor(event / this.#indexes)]!;
    const action = replica.progress.action(event % this.#indexes);
    const op = OP_TABLE[action.op];
    replica.progress.arrive(action, op);
    this.#complete(replica, action, op);
    const neighbour = action.stage + op.neighbour;
    this.#tryNext(replica.ranks[this.#schedule.stageToRank[neighbour]!]!, now);
  }

  /** A receive that waits for what has come is done. */
  #complete({ posted, progress }: Replica, { stage, microBatch }: Action, op: OpFacts): void {
    const { counterpart, neighbour } = op;
    if (posted.size === 0 || counterpart === undefined) return;
    const receive = { stage: stage + neighbour, op: counterpart, microBatch };
    const received = OP_TABLE[counterpart];
    if (posted.delete(progress.index(receive, received))) progress.end(receive, received);
  }

  /**
   * Only these can have become ready: who gets what was sent, who starts micro-batches, and where slots are bounded
   * also who fills the slot that is free again.
   */
  #wake({ rank: own, replica }: EngineRank, stage: number, op: OpFacts, now: number): void {
    const { stages, stageToRank, inFlightLimit } = this.#schedule;
    const { ranks } = replica;
    const freesSlot = this.#options.slotsPerLink !== undefined;
    const { neighbour, kind } = op;
    const sends = kind !== 'receive';
    const before = stage === 0 || !(freesSlot || (sends && neighbour === -1)) ? own : stageToRank[stage - 1]!;
    const isLast = stage === stages - 1;
    const after = isLast || !(freesSlot || (sends && neighbour === 1)) ? own : stageToRank[stage + 1]!;
    const first = stageToRank[0]!;
    if (before !== own) this.#tryNext(ranks[before]!, now);
    if (after !== own && after !== before) this.#tryNext(ranks[after]!, now);
    if (inFlightLimit !== undefined && first !== own && first !== before && first !== after) {
      this.#tryNext(ranks[first]!, now);
    }
  }
}
