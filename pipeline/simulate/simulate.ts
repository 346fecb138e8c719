import type { Action } from '../schedule/action.js';
import { ScheduleError } from '../schedule/errors.js';
import type { Op } from '../schedule/op-table.js';
import type { RankTotals } from '../schedule/rank-tiler.js';
import type { Schedule } from '../schedule/schedule.js';
import type { Span } from '../schedule/span.js';
import { checkedRows } from '../schedule/validate.js';
import { Engine } from './engine.js';
import type { Exchange } from './exchange.js';
import type { Speed } from './shared-cores.js';

export interface SimulationOptions {
  /** Whole nanoseconds that an action takes; on shared cores, while no other runs. */
  readonly costNs: (stage: number, op: Op, microBatch: number) => number;
  /** Whole nanoseconds that actions take together which run at the same time; the sum of theirs when absent. */
  readonly overlapNs?: (actions: readonly Action[]) => number;
  /** Transfers between ranks; they take no time when absent. */
  readonly exchange?: Exchange;
  /** Slots of each link; no bound when absent. */
  readonly slotsPerLink?: number;
  /**
   * Whole nanoseconds of a rank's thread between being able to begin an action and beginning it, when it comes from
   * another action and when it has waited; 0 when absent.
   */
  readonly dispatchNs?: { readonly atOnce: number; readonly afterWait: number };
  /** Copies of the whole pipeline, with links of their own; 1 when absent. */
  readonly replicas?: number;
  /** All ranks share cores, and so slow each other down; when absent, each has its own. */
  readonly speed?: Speed;
  readonly onSpan?: (span: Span) => void;
}

export interface Simulation {
  readonly makespanNs: number;
  /** Replica by replica. */
  readonly ranks: readonly RankTotals[];
  /** Share of rank time in which nothing is computed. */
  readonly bubbleShare: number;
}

/**
 * Runs a schedule freely, as the threads of the runtime do: each rank takes its actions in order, as soon as the
 * readiness rule lets it. A transfer takes its time beside the computing of both ranks; a RECV only says that its
 * data may come, and who needs the data waits for it. Actions that overlap begin together, when all of them can. The
 * spans of a rank tile the time from 0 to the end. The same input gives the same spans.
 * @throws ScheduleError when the schedule is wrong, never ends, or a cost is no whole number of nanoseconds
 */
export function simulate(schedule: Schedule, options: SimulationOptions): Simulation {
  const { slotsPerLink, replicas = 1 } = options;
  if (!Number.isSafeInteger(replicas) || replicas < 1) {
    throw new ScheduleError(`replicas is ${replicas}; give a whole number from 1.`);
  }
  const facts = checkedRows(schedule, slotsPerLink === undefined ? {} : { slotsPerLink });
  const engine = new Engine(schedule, facts, options);
  const makespanNs = engine.run();
  const ranks = engine.ranks.map(({ tiler }) => {
    tiler.done(makespanNs);
    return tiler.totals();
  });
  const busyNs = ranks.reduce((sum, rank) => sum + rank.busyNs, 0);
  return { makespanNs, ranks, bubbleShare: makespanNs === 0 ? 0 : 1 - busyNs / (makespanNs * ranks.length) };
}
