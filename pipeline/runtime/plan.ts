import type { Warning } from '../../ipu-config/base/warning.js';
import { WHOLE_STAGE } from '../schedule/action.js';
import { printAction } from '../schedule/action-text.js';
import { ScheduleError } from '../schedule/errors.js';
import { isTraining, OP_TABLE, OPS, type Op } from '../schedule/op-table.js';
import { rankRows } from '../schedule/rank-rows.js';
import { printGrid } from '../schedule/schedule-grid.js';
import type { Schedule } from '../schedule/schedule.js';
import { inputRow, type CallRow } from '../schedule/streamed.js';
import { validateSchedule } from '../schedule/validate.js';
import { fillDrain } from '../schedules/fill-drain.js';
import type { ReplicaShape } from './links/replica.js';
import type { CheckedOptions } from './options.js';

/** What a replica does in each call. */
export interface PipelinePlan {
  readonly schedule: Schedule;
  readonly shape: ReplicaShape;
  /** Of ranks that own a stage, by rank. */
  readonly rows: ReadonlyMap<number, CallRow>;
  /** In which order stage 0 takes the micro-batches of one call. */
  readonly inputRow: CallRow;
  readonly warnings: readonly Warning[];
}

/** @throws ScheduleError when the schedule cannot be run with these stages and slots. */
export function makePlan(options: CheckedOptions): PipelinePlan {
  const { stages, deviceIterations, slotsPerLink, inputBytes } = options;
  const stageToRank = stages.map(({ ipu }) => ipu);
  const given = options.schedule ?? fillDrain;
  const written =
    typeof given === 'function'
      ? given({ stages: stages.length, microBatches: deviceIterations, stageToRank })
      : given;
  checkSchedule(written, options);
  const schedule = withUpdates(written);
  const { rows, ops, communicates } = rankRows(schedule);
  const shape = {
    stageToRank,
    slotsPerLink,
    linkBytes: [inputBytes, ...stages.map(({ outputBytes }) => outputBytes)],
    callSize: deviceIterations,
    ops: [...ops],
    communicates,
    isTraining: isTraining(ops),
    ...(schedule.inFlightLimit === undefined ? {} : { inFlightLimit: schedule.inFlightLimit }),
  };
  const ranks = [...new Set(stageToRank)].sort((a, b) => a - b);
  return {
    schedule,
    shape,
    rows: new Map(
      ranks.map((rank) => [rank, { actions: rows[rank]?.actions ?? [], callSize: deviceIterations }]),
    ),
    inputRow: inputRow(schedule),
    warnings: warningsFor(schedule, shape),
  };
}

/** The ops that a rank's row has of a stage. */
export function opsOf(stage: number, { actions }: CallRow): Op[] {
  return [...new Set(actions.flatMap((action) => (action.stage === stage ? [action.op] : [])))];
}

/** Weights change at the end of each call: where a schedule with a backward does not say so, as torch's do not. */
function withUpdates(schedule: Schedule): Schedule {
  const { ops } = rankRows(schedule);
  const update = OPS.find((op) => OP_TABLE[op].weights === 'updates');
  if (!isTraining(ops) || update === undefined || ops.has(update)) return schedule;
  const ranks = schedule.ranks.map((cells, rank) => [
    ...cells,
    ...schedule.stageToRank.flatMap((owner, stage) =>
      owner === rank ? [[{ stage, op: update, microBatch: WHOLE_STAGE }]] : [],
    ),
  ]);
  return { ...schedule, ranks };
}

function warningsFor(
  { name, stages, microBatches, inFlightLimit }: Schedule,
  shape: ReplicaShape,
): Warning[] {
  if (microBatches >= stages || inFlightLimit === 1 || shape.isTraining) return [];
  const text =
    `a call of ${microBatches} micro-batches is shorter than the ${stages} stages of the pipeline: PopTorch refuses ` +
    `this (deviceIterations must be at least the number of stages); here ${name} runs, because calls overlap`;
  return [{ code: 'short-call', text }];
}

/** @throws ScheduleError */
function checkSchedule(schedule: Schedule, options: CheckedOptions): void {
  const { name, stages, microBatches, stageToRank } = schedule;
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
  checkBackward(schedule, options);
  // Readiness is monotone (a ready action stays ready until its own rank runs it): if one order of events comes to
  // the end, every one does, and so does every stream of calls.
  try {
    validateSchedule(schedule, { slotsPerLink: options.slotsPerLink });
  } catch (error) {
    throw error instanceof ScheduleError ? (withMoreSlots(schedule, options, error) ?? error) : error;
  }
}

/** @throws ScheduleError when there is a backward that the stages, or several replicas, cannot do */
function checkBackward(schedule: Schedule, { stages, replicas }: CheckedOptions): void {
  schedule.ranks.forEach((cells, rank) => {
    cells.forEach((cell, cycle) => {
      const action = cell.find(({ op }) => OP_TABLE[op].backward !== undefined);
      if (action === undefined) return;
      const { stage, op } = action;
      const spec = stages[stage];
      const what = `${printAction(action, schedule.csv?.dialect)} (${OP_TABLE[op].words})`;
      const why =
        spec?.forwardOnly === true
          ? `cannot be run: ${what} is of stage ${stage}, ${spec.name} (IPU ${spec.ipu}), which only goes forward. ` +
            'It can be looked at and simulated; to be run, each stage needs a backward'
          : replicas > 1
            ? `cannot be run on ${replicas} replicas: after ${what} gradients would have to be summed over them; ` +
              'give 1 replica'
            : undefined;
      if (why === undefined) return;
      throw new ScheduleError(
        `the schedule ${schedule.name} ${why}.\n${printGrid(schedule, { rank, cycle })}`,
      );
    });
  });
}

/** The same error with the number of slots that would do, when it is they that are too few. */
function withMoreSlots(
  schedule: Schedule,
  { slotsPerLink }: CheckedOptions,
  error: ScheduleError,
): ScheduleError | undefined {
  for (let slots = slotsPerLink + 1; slots <= schedule.microBatches; slots++) {
    try {
      validateSchedule(schedule, { slotsPerLink: slots });
    } catch {
      continue;
    }
    return new ScheduleError(
      `${error.message}\nEach link has ${slotsPerLink} slots (slotsPerLink); with ${slots} it comes to its end.`,
    );
  }
  return undefined;
}
