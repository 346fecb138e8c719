import type { Action } from '../action.js';
import { ScheduleError } from '../errors.js';
import type { Schedule } from '../schedule.js';
import { lockstep } from '../schedules/lockstep.js';
import type { CheckedOptions } from './options.js';
import type { RankOrder } from './protocol.js';
import type { ReplicaShape } from './replica-memory.js';

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
  const generate = options.schedule ?? ((size) => lockstep('fill-drain', size));
  const schedule = generate({ stages: stages.length, microBatches: deviceIterations, stageToRank });
  checkSchedule(schedule, stageToRank, deviceIterations);
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
  const plan = { schedule, shape, orders, inputOrder, warnings: warningsFor(schedule) };
  checkSlots(plan);
  return plan;
}

function warningsFor({ name, stages, microBatches, inFlightLimit }: Schedule): string[] {
  if (microBatches >= stages || inFlightLimit === 1) return [];
  return [
    `a call of ${microBatches} micro-batches is shorter than the ${stages} stages of the pipeline: PopTorch refuses ` +
      `this (deviceIterations must be at least the number of stages); here ${name} runs, because calls overlap`,
  ];
}

function checkSchedule(schedule: Schedule, stageToRank: readonly number[], microBatches: number): void {
  const { name, stages } = schedule;
  const fail = (problem: string): never => {
    throw new ScheduleError(`schedule ${name}: ${problem}`);
  };
  if (stages !== stageToRank.length || schedule.microBatches !== microBatches) {
    fail(
      `it is for ${stages} stages and ${schedule.microBatches} micro-batches; ` +
        `this pipeline has ${stageToRank.length} stages and calls of ${microBatches} micro-batches`,
    );
  }
  stageToRank.forEach((rank, stage) => {
    const given = schedule.stageToRank[stage];
    if (given !== rank) fail(`stage ${stage} is on rank ${given}; its specification says IPU ${rank}`);
  });
  const seen = new Set<string>();
  schedule.ranks.forEach((cells, rank) => {
    for (const { stage, op, microBatch } of cells.flat()) {
      const text = `${stage}${op}${microBatch}`;
      if (op !== 'F') fail(`${text} on rank ${rank}: the runtime runs forward actions (F) only`);
      if (stageToRank[stage] !== rank) fail(`${text} is on rank ${rank}, which does not own stage ${stage}`);
      if (microBatch < 0 || microBatch >= microBatches)
        fail(`${text}: there is no micro-batch ${microBatch}`);
      if (seen.has(text)) fail(`${text} comes twice`);
      seen.add(text);
    }
  });
  if (seen.size !== stages * microBatches) {
    fail(
      `it has ${seen.size} actions; ${stages} stages and ${microBatches} micro-batches need ${stages * microBatches}`,
    );
  }
}

/**
 * Runs one call without computing. Readiness is monotone (a ready action stays ready until its own rank runs it), so
 * if one order of events comes to the end, every one does, and so does every stream of calls.
 */
function checkSlots({ schedule, shape, orders, inputOrder }: Plan): void {
  const { stageToRank, slotsPerLink, inFlightLimit = Infinity } = shape;
  const links = [...stageToRank, -1].map(() => new Set<number>());
  const left = new Map([...orders].map(([rank, { actions }]) => [rank, [...actions].reverse()]));
  const inputs = [...inputOrder].reverse();
  let inFlight = 0;
  const blocked = ({ stage, microBatch }: Action): string | undefined => {
    if (!links[stage]?.has(microBatch)) return stage === 0 ? 'its input' : `${stage - 1}F${microBatch}`;
    if (stage === 0 && inFlight >= inFlightLimit)
      return `one of ${inFlightLimit} micro-batches in flight to end`;
    if ((links[stage + 1]?.size ?? 0) >= slotsPerLink) return `a free slot to stage ${stage + 1}`;
    return undefined;
  };
  for (let moved = true; moved;) {
    moved = false;
    while (inputs.length > 0 && (links[0]?.size ?? 0) < slotsPerLink) links[0]?.add(inputs.pop() ?? 0);
    for (const actions of left.values()) {
      const action = actions.at(-1);
      if (action === undefined || blocked(action) !== undefined) continue;
      const { stage, microBatch } = action;
      links[stage]?.delete(microBatch);
      if (stage < stageToRank.length - 1) links[stage + 1]?.add(microBatch);
      inFlight += (stage === 0 ? 1 : 0) - (stage === stageToRank.length - 1 ? 1 : 0);
      actions.pop();
      moved = true;
    }
  }
  const stuck = [...left].flatMap(([rank, actions]) => {
    const action = actions.at(-1);
    if (action === undefined) return [];
    return [`rank ${rank} waits to run ${action.stage}F${action.microBatch} for ${blocked(action)}`];
  });
  if (stuck.length > 0) {
    throw new ScheduleError(
      `schedule ${schedule.name} never ends with ${slotsPerLink} slots per link: ${stuck.join('; ')}. ` +
        'Change the order of its actions, raise slotsPerLink, or lift its limit of micro-batches in flight',
    );
  }
}
