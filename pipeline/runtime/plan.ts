import { printAction } from '../schedule/action-text.js';
import { ScheduleError } from '../schedule/errors.js';
import { printGrid } from '../schedule/schedule-grid.js';
import type { Schedule } from '../schedule/schedule.js';
import { fillDrain } from '../schedules/fill-drain.js';
import { validateSchedule } from '../schedule/validate.js';
import type { CheckedOptions } from './options.js';
import type { RankOrder } from './rank/protocol.js';
import type { ReplicaShape } from './links/replica-memory.js';

/** What a replica does in each call. */
export interface Plan {
  readonly schedule: Schedule;
  readonly shape: ReplicaShape;
  /** Of ranks that own a stage, by rank. */
  readonly orders: ReadonlyMap<number, RankOrder>;
  /** In which order stage 0 takes the micro-batches of one call. */
  readonly inputOrder: readonly number[];
  readonly warnings: readonly string[];
}

/** @throws ScheduleError when the schedule cannot be run with these stages and slots. */
export function makePlan(options: CheckedOptions): Plan {
  const { stages, deviceIterations, slotsPerLink, inputBytes } = options;
  const stageToRank = stages.map(({ ipu }) => ipu);
  const generate = options.schedule ?? fillDrain;
  const schedule = generate({ stages: stages.length, microBatches: deviceIterations, stageToRank });
  checkSchedule(schedule, options);
  const orders = new Map(
    [...new Set(stageToRank)]
      .sort((a, b) => a - b)
      .map((rank) => [rank, { actions: (schedule.ranks[rank] ?? []).flat(), callSize: deviceIterations }]),
  );
  const shape = {
    stageToRank,
    slotsPerLink,
    linkBytes: [inputBytes, ...stages.map(({ outputBytes }) => outputBytes)],
    ...(schedule.inFlightLimit === undefined ? {} : { inFlightLimit: schedule.inFlightLimit }),
  };
  const inputOrder = [...orders.values()]
    .flatMap(({ actions }) => actions)
    .flatMap(({ stage, microBatch }) => (stage === 0 ? [microBatch] : []));
  return { schedule, shape, orders, inputOrder, warnings: warningsFor(schedule) };
}

function warningsFor({ name, stages, microBatches, inFlightLimit }: Schedule): string[] {
  if (microBatches >= stages || inFlightLimit === 1) return [];
  return [
    `a call of ${microBatches} micro-batches is shorter than the ${stages} stages of the pipeline: PopTorch refuses ` +
      `this (deviceIterations must be at least the number of stages); here ${name} runs, because calls overlap`,
  ];
}

/** @throws ScheduleError */
function checkSchedule(schedule: Schedule, options: CheckedOptions): void {
  const { name, stages, microBatches, stageToRank, ranks } = schedule;
  const ipus = options.stages.map(({ ipu }) => ipu);
  if (stages !== ipus.length || microBatches !== options.deviceIterations) {
    throw new ScheduleError(
      `the schedule ${name} is of ${stages} stages and ${microBatches} micro-batches; this pipeline has ` +
        `${ipus.length} stages and calls of ${options.deviceIterations} micro-batches`,
    );
  }
  if (stageToRank.join() !== ipus.join()) {
    throw new ScheduleError(
      `the schedule ${name} has its stages on ranks ${stageToRank.join(', ')}; ` +
        `the specifications of the stages say IPUs ${ipus.join(', ')}`,
    );
  }
  ranks.forEach((cells, rank) => {
    cells.forEach((cell, cycle) => {
      const other = cell.find(({ op }) => op !== 'F');
      if (other === undefined) return;
      throw new ScheduleError(
        `the schedule ${name} cannot be run: ${printAction(other)} is not a forward action (F), and the runtime ` +
          `runs no other.\n${printGrid(schedule, { rank, cycle })}`,
      );
    });
  });
  // Readiness is monotone (a ready action stays ready until its own rank runs it): if one order of events comes to
  // the end, every one does, and so does every stream of calls.
  validateSchedule(schedule, { slotsPerLink: options.slotsPerLink });
}
