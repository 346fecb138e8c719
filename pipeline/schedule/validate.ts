import { printAction } from './action-text.js';
import { firstMicroBatch, isSame, WHOLE_STAGE, type Action } from './action.js';
import { deadlock } from './deadlock.js';
import { ScheduleError } from './errors.js';
import {
  BACKWARD,
  FORWARD,
  isOfWholeStage,
  isTraining,
  isTransfer,
  linkOf,
  OP_TABLE,
  opSets,
  OPS,
  type Op,
  type OpFacts,
} from './op-table.js';
import { once } from './once.js';
import type { ProgressLimits } from './progress.js';
import { opAt, rankRows, type RankRow, type RankRows } from './rank-rows.js';
import { runRows } from './run-order.js';
import { printGrid, type GridMark } from './schedule-grid.js';
import type { Schedule } from './schedule.js';

/**
 * Checks that a schedule can be run: every micro-batch passes every stage exactly once, by actions on the stage's
 * own rank, in an order in which nothing waits for ever.
 * @throws ScheduleError with the reason, and the grid with a marker at the first offending cell
 */
export function validateSchedule(schedule: Schedule, limits: ProgressLimits = {}): void {
  checkedRows(schedule, limits);
}

/** Validates a schedule and gives its rows. @throws ScheduleError */
export function checkedRows(schedule: Schedule, limits: ProgressLimits): RankRows {
  const facts = completeRows(schedule);
  const ends = slotsThatEnd(schedule);
  const { slotsPerLink = Infinity } = limits;
  if (!ends.has(slotsPerLink)) {
    const stuck = runRows(schedule, facts, limits);
    if (stuck.length > 0) throw deadlock(schedule, facts.rows, stuck);
    ends.add(slotsPerLink);
  }
  return facts;
}

/** Numbers of slots with which a schedule is known to come to its end. */
const slotsThatEnd = once((_: Schedule) => new Set<number>());

/** Rows in which everything stands where it belongs; only their order is not checked. @throws ScheduleError */
export const completeRows = once((schedule: Schedule): RankRows => {
  checkShape(schedule);
  const facts = rankRows(schedule);
  const { rows } = facts;
  checkPlaces(schedule, rows);
  checkSize(schedule, rows);
  checkComplete(schedule, facts, checkOnce(schedule, rows));
  checkWeights(schedule, facts);
  return facts;
});

function checkShape({ name, stages, microBatches, stageToRank, ranks }: Schedule): void {
  const problem =
    !(stages >= 1) || !Number.isInteger(stages)
      ? `it has ${stages} stages; there must be at least one`
      : !(microBatches >= 1) || !Number.isInteger(microBatches)
        ? `it has ${microBatches} micro-batches; there must be at least one`
        : stageToRank.length !== stages
          ? `stageToRank names ${stageToRank.length} ranks for ${stages} stages`
          : stageToRank.some((rank) => ranks[rank] === undefined)
            ? `stageToRank is ${stageToRank.join(', ')}, but there are ${ranks.length} ranks`
            : undefined;
  if (problem) throw new ScheduleError(`the schedule ${name} is wrong: ${problem}.`);
}

function eachAction(
  rows: readonly RankRow[],
  visit: (action: Action, at: GridMark, op: OpFacts) => void,
): void {
  rows.forEach((row, rank) => {
    const { actions, cycles } = row;
    const at = { rank, cycle: 0 };
    for (let each = 0; each < actions.length; each++) {
      at.cycle = cycles[each]!;
      visit(actions[each]!, at, opAt(row, each));
    }
  });
}

function checkPlaces(schedule: Schedule, rows: readonly RankRow[]): void {
  eachAction(rows, (action, at, op) => {
    const problem = placeProblem(schedule, action, at, op);
    if (problem) throw faultyCell(schedule, at, `${text(schedule, action)} ${problem}`);
  });
}

function placeProblem(schedule: Schedule, action: Action, at: GridMark, op: OpFacts): string | undefined {
  const { stages, microBatches, stageToRank } = schedule;
  const { stage, microBatch } = action;
  return !(Number.isInteger(stage) && stage >= 0 && stage < stages)
    ? `is of stage ${stage}; stages are 0 … ${stages - 1}`
    : !isMicroBatch(action, schedule, op)
      ? `is of micro-batch ${microBatch}; they are 0 … ${microBatches - 1}`
      : stageToRank[stage] !== at.rank
        ? `is on rank ${at.rank}, but stage ${stage} is on rank ${stageToRank[stage]}`
        : hasNoNeighbour(stage, stages, op)
          ? `has no stage to exchange with; stages are 0 … ${stages - 1}`
          : undefined;
}

function isMicroBatch(action: Action, schedule: Schedule, { of }: OpFacts): boolean {
  const { microBatches, callSize = microBatches } = schedule;
  const { microBatch } = action;
  if (!Number.isInteger(microBatch) || (of === 'stage') !== microBatch < 0) return false;
  return firstMicroBatch(action, callSize) < microBatches;
}

function hasNoNeighbour(stage: number, stages: number, op: OpFacts): boolean {
  if (op.counterpart === undefined) return false;
  const neighbour = stage + op.neighbour;
  return neighbour < 0 || neighbour >= stages;
}

/** So that a file with one huge number is refused before its size is taken for real. */
function checkSize(schedule: Schedule, rows: readonly RankRow[]): void {
  const { stages, microBatches } = schedule;
  const actions = rows.reduce((sum, row) => sum + row.actions.length, 0);
  if (stages * microBatches <= actions) return;
  const forward = new Set<string>();
  eachAction(rows, ({ op, stage, microBatch }) => op === FORWARD && forward.add(`${stage},${microBatch}`));
  // The first gap comes within as many steps as there are actions.
  for (let microBatch = 0; ; microBatch++) {
    for (let stage = 0; stage < stages; stage++) {
      if (!forward.has(`${stage},${microBatch}`))
        throw missing(schedule, rows, { stage, op: FORWARD, microBatch });
    }
  }
}

/** @returns the set of ops that each stage and micro-batch has */
function checkOnce(schedule: Schedule, rows: readonly RankRow[]): ReturnType<typeof opSets> {
  const { stages, microBatches } = schedule;
  const seen = opSets(stages * microBatches);
  eachAction(rows, (action, at, { bit }) => {
    const { stage, microBatch } = action;
    if (microBatch < 0) return;
    const place = stage * microBatches + microBatch;
    if ((seen[place]! & bit) !== 0) {
      const before = firstCycle(rows[at.rank]!, action);
      throw faultyCell(schedule, at, `${text(schedule, action)} stands in cycle ${before} already`);
    }
    seen[place]! |= bit;
  });
  return seen;
}

function firstCycle({ actions, cycles }: RankRow, action: Action): number {
  return cycles[actions.findIndex((each) => isSame(each, action))]!;
}

/** What each stage must do with each micro-batch, given the ops that the schedule has. */
function checkComplete(
  schedule: Schedule,
  { rows, ops, communicates }: RankRows,
  seen: ReturnType<typeof opSets>,
): void {
  const { stages, microBatches } = schedule;
  const training = isTraining(ops);
  for (let stage = 0; stage < stages; stage++) {
    const needed = OPS.filter((op) => {
      const isNeeded = training || OP_TABLE[op].moves === 'activation';
      return op === FORWARD || (isTransfer(op) && isNeeded && communicates[linkOf(op, stage)!]);
    });
    const mask = bits(needed);
    for (let microBatch = 0; microBatch < microBatches; microBatch++) {
      const has = seen[stage * microBatches + microBatch]!;
      const backward = has & (WHOLE | HALVES);
      const isWhole = !training || backward === WHOLE || backward === HALVES;
      if ((has & mask) === mask && isWhole) continue;
      const lacking = needed.find((op) => (has & bits([op])) === 0) ?? missingBackward(backward);
      if (lacking) throw missing(schedule, rows, { stage, op: lacking, microBatch });
      throw twice(schedule, rows, { stage, op: has & INPUT ? BACKWARD.input : BACKWARD.weights, microBatch });
    }
  }
}

const bits = (ops: readonly Op[]): number => ops.reduce((mask, op) => mask | OP_TABLE[op].bit, 0);
const WHOLE = bits([BACKWARD.whole]);
const INPUT = bits([BACKWARD.input]);
const HALVES = bits([BACKWARD.input, BACKWARD.weights]);

/** A backward is whole, or in halves. */
function missingBackward(has: number): Op | undefined {
  if (has === 0) return BACKWARD.whole;
  if ((has & WHOLE) !== 0) return undefined;
  return has === INPUT ? BACKWARD.weights : BACKWARD.input;
}

function twice(schedule: Schedule, rows: readonly RankRow[], half: Action): ScheduleError {
  const rank = schedule.stageToRank[half.stage]!;
  const cycle = firstCycle(rows[rank]!, half);
  const whole = text(schedule, { ...half, op: BACKWARD.whole });
  return faultyCell(
    schedule,
    { rank, cycle },
    `${text(schedule, half)} is half of a backward that ${whole} does as a whole`,
  );
}

/** The marker stands where the same stage first does something else with the micro-batch, or at the row's end. */
function missing(schedule: Schedule, rows: readonly RankRow[], absent: Action): ScheduleError {
  const rank = schedule.stageToRank[absent.stage]!;
  const { actions, cycles } = rows[rank]!;
  const related = actions.findIndex(
    ({ stage, microBatch }) => stage === absent.stage && microBatch === absent.microBatch,
  );
  const cycle = cycles.at(related) ?? 0;
  return new ScheduleError(
    `the schedule ${schedule.name} is incomplete: ${text(schedule, absent)} is missing on rank ${rank}.\n` +
      printGrid(schedule, { rank, cycle }),
  );
}

/** What a stage has of its weights while its rank goes through its row. */
interface Weights {
  /** Some UNSHARD gathers them: else they are whole all the time. */
  readonly sharded: boolean;
  gathered: boolean;
  /** Calls whose update is done. */
  updates: number;
}

/**
 * Sharded weights are gathered before they are used and dropped once; a stage without UNSHARD is not sharded. Where
 * weights are updated, they are at every stage, once.
 */
function checkWeights(schedule: Schedule, { rows, ops }: RankRows): void {
  if (![...ops].some(isOfWholeStage)) return;
  const sharded = new Set<number>();
  eachAction(rows, ({ stage }, _, { weights }) => weights === 'gathers' && sharded.add(stage));
  const stages = schedule.stageToRank.map((_, stage): Weights => ({
    sharded: sharded.has(stage),
    gathered: false,
    updates: 0,
  }));
  eachAction(rows, (action, at, { weights: does }) => {
    const weights = stages[action.stage]!;
    const problem = does && WEIGHT_PROBLEM[does](weights, action);
    if (problem) throw faultyCell(schedule, at, `${text(schedule, action)} ${problem}`);
    if (does === 'gathers') weights.gathered = true;
    if (does === 'drops') weights.gathered = false;
    if (does === 'updates') weights.updates++;
  });
  const calls = Math.ceil(schedule.microBatches / (schedule.callSize ?? schedule.microBatches));
  const stage = stages.findIndex(({ updates }) => updates < calls);
  const update = OPS.find((op) => ops.has(op) && OP_TABLE[op].weights === 'updates');
  if (update && stage >= 0) throw missing(schedule, rows, { stage, op: update, microBatch: WHOLE_STAGE });
}

const WEIGHT_PROBLEM: Readonly<
  Record<NonNullable<OpFacts['weights']>, (weights: Weights, action: Action) => string | false>
> = {
  uses: ({ sharded, gathered }, { stage }) =>
    sharded && !gathered && `needs the weights of stage ${stage}, which are not gathered (UNSHARD) here`,
  gathers: ({ gathered }) => gathered && 'gathers weights that are gathered already',
  drops: ({ sharded, gathered }) =>
    !sharded ? 'drops weights that no UNSHARD gathers' : !gathered && 'drops weights that are not gathered',
  reduces: (weights, action) =>
    isUpdated(weights, action) && 'sums gradients that have been used for an update already',
  updates: (weights, action) => isUpdated(weights, action) && 'updates weights that are updated already',
};

function isUpdated({ updates }: Weights, { microBatch }: Action): boolean {
  return updates > WHOLE_STAGE - microBatch;
}

function text({ csv }: Schedule, action: Action): string {
  return printAction(action, csv?.dialect);
}

export function faultyCell(schedule: Schedule, at: GridMark, problem: string): ScheduleError {
  return new ScheduleError(`the schedule ${schedule.name} is wrong: ${problem}.\n${printGrid(schedule, at)}`);
}
