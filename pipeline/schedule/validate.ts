import { printAction } from './action-text.js';
import { isOfWholeStage, isTransfer, OP_BIT, WHOLE_STAGE, type Action, type Op } from './action.js';
import { deadlock } from './deadlock.js';
import { ScheduleError } from './errors.js';
import type { ProgressLimits } from './progress.js';
import { rankRows, type RankRow, type RankRows } from './rank-rows.js';
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
  checkShape(schedule);
  const facts = rankRows(schedule);
  const { rows } = facts;
  checkPlaces(schedule, rows);
  checkSize(schedule, rows);
  checkComplete(schedule, facts, checkOnce(schedule, rows));
  checkShards(schedule, facts);
  const stuck = runRows(schedule, facts, limits);
  if (stuck.length > 0) throw deadlock(schedule, rows, stuck);
  return facts;
}

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

function eachAction(rows: readonly RankRow[], visit: (action: Action, at: GridMark) => void): void {
  rows.forEach(({ actions, cycles }, rank) => {
    const at = { rank, cycle: 0 };
    for (let each = 0; each < actions.length; each++) {
      at.cycle = cycles[each]!;
      visit(actions[each]!, at);
    }
  });
}

function checkPlaces(schedule: Schedule, rows: readonly RankRow[]): void {
  eachAction(rows, (action, at) => {
    const problem = placeProblem(schedule, action, at);
    if (problem) throw faultyCell(schedule, at, `${text(schedule, action)} ${problem}`);
  });
}

function placeProblem(schedule: Schedule, action: Action, at: GridMark): string | undefined {
  const { stages, microBatches, stageToRank } = schedule;
  const { stage, op, microBatch } = action;
  return !(Number.isInteger(stage) && stage >= 0 && stage < stages)
    ? `is of stage ${stage}; stages are 0 … ${stages - 1}`
    : !isMicroBatch(op, microBatch, microBatches)
      ? `is of micro-batch ${microBatch}; they are 0 … ${microBatches - 1}`
      : stageToRank[stage] !== at.rank
        ? `is on rank ${at.rank}, but stage ${stage} is on rank ${stageToRank[stage]}`
        : hasNoNeighbour(action, stages)
          ? `has no stage to exchange with; stages are 0 … ${stages - 1}`
          : undefined;
}

function isMicroBatch(op: Op, microBatch: number, microBatches: number): boolean {
  if (isOfWholeStage(op)) return microBatch === WHOLE_STAGE;
  return Number.isInteger(microBatch) && microBatch >= 0 && microBatch < microBatches;
}

function hasNoNeighbour({ op, stage }: Action, stages: number): boolean {
  if (!isTransfer(op)) return false;
  const neighbour = op === 'SEND_F' || op === 'RECV_B' ? stage + 1 : stage - 1;
  return neighbour < 0 || neighbour >= stages;
}

/** So that a file with one huge number is refused before its size is taken for real. */
function checkSize(schedule: Schedule, rows: readonly RankRow[]): void {
  const { stages, microBatches } = schedule;
  const actions = rows.reduce((sum, row) => sum + row.actions.length, 0);
  if (stages * microBatches <= actions) return;
  const forward = new Set<string>();
  eachAction(rows, ({ op, stage, microBatch }) => op === 'F' && forward.add(`${stage},${microBatch}`));
  // The first gap comes within as many steps as there are actions.
  for (let microBatch = 0; ; microBatch++) {
    for (let stage = 0; stage < stages; stage++) {
      if (!forward.has(`${stage},${microBatch}`))
        throw missing(schedule, rows, { stage, op: 'F', microBatch });
    }
  }
}

/** @returns a byte for each stage and micro-batch: the bits of the ops that it has */
function checkOnce(schedule: Schedule, rows: readonly RankRow[]): Uint8Array {
  const { stages, microBatches } = schedule;
  const seen = new Uint8Array(stages * microBatches);
  eachAction(rows, (action, at) => {
    const { op, stage, microBatch } = action;
    if (microBatch === WHOLE_STAGE) return;
    const [place, bit] = [stage * microBatches + microBatch, OP_BIT[op]];
    if ((seen[place]! & bit) !== 0) {
      const before = firstCycle(rows[at.rank]!, action);
      throw faultyCell(schedule, at, `${text(schedule, action)} stands in cycle ${before} already`);
    }
    seen[place]! |= bit;
  });
  return seen;
}

function firstCycle({ actions, cycles }: RankRow, { op, stage, microBatch }: Action): number {
  const at = actions.findIndex((a) => a.op === op && a.stage === stage && a.microBatch === microBatch);
  return cycles[at]!;
}

/** What each stage must do with each micro-batch, given the ops that the schedule has. */
function checkComplete(schedule: Schedule, { rows, ops, communicates }: RankRows, seen: Uint8Array): void {
  const { stages, microBatches } = schedule;
  const isTraining = ops.has('B') || ops.has('I') || ops.has('W');
  for (let stage = 0; stage < stages; stage++) {
    const needed: Op[] = ['F'];
    if (communicates[stage]) needed.push('RECV_F', ...(isTraining ? (['SEND_B'] as const) : []));
    if (communicates[stage + 1]) needed.push('SEND_F', ...(isTraining ? (['RECV_B'] as const) : []));
    const mask = bits(needed);
    for (let microBatch = 0; microBatch < microBatches; microBatch++) {
      const has = seen[stage * microBatches + microBatch]!;
      const backward = has & ANY_BACKWARD;
      const isWhole = !isTraining || backward === OP_BIT.B || backward === HALVES;
      if ((has & mask) === mask && isWhole) continue;
      const lacking = needed.find((op) => (has & OP_BIT[op]) === 0) ?? missingBackward(backward);
      if (lacking) throw missing(schedule, rows, { stage, op: lacking, microBatch });
      throw twice(schedule, rows, { stage, op: (backward & OP_BIT.I) === 0 ? 'W' : 'I', microBatch });
    }
  }
}

const bits = (ops: readonly Op[]): number => ops.reduce((mask, op) => mask | OP_BIT[op], 0);
const HALVES = bits(['I', 'W']);
const ANY_BACKWARD = bits(['B', 'I', 'W']);

/** A backward is whole (B) or in halves (I and W). */
function missingBackward(has: number): Op | undefined {
  if (has === 0) return 'B';
  if (has === OP_BIT.W) return 'I';
  return has === OP_BIT.I ? 'W' : undefined;
}

function twice(schedule: Schedule, rows: readonly RankRow[], half: Action): ScheduleError {
  const rank = schedule.stageToRank[half.stage]!;
  const cycle = firstCycle(rows[rank]!, half);
  const whole = text(schedule, { ...half, op: 'B' });
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

/** Sharded weights are gathered before they are used and dropped once; a stage without UNSHARD is not sharded. */
function checkShards(schedule: Schedule, { rows, ops }: RankRows): void {
  if (!ops.has('UNSHARD') && !ops.has('RESHARD')) return;
  const sharded = new Set<number>();
  eachAction(rows, ({ op, stage }) => op === 'UNSHARD' && sharded.add(stage));
  const gathered = new Set<number>();
  eachAction(rows, (action, at) => {
    const { op, stage } = action;
    const isGathered = gathered.has(stage);
    const problem =
      op === 'UNSHARD'
        ? isGathered && 'gathers weights that are gathered already'
        : !isGathered && sharded.has(stage) && op === 'RESHARD'
          ? 'drops weights that are not gathered'
          : op === 'RESHARD' && !sharded.has(stage)
            ? 'drops weights that no UNSHARD gathers'
            : !isGathered && sharded.has(stage) && (op === 'F' || op === 'B' || op === 'I' || op === 'W')
              ? `needs the weights of stage ${stage}, which are not gathered (UNSHARD) here`
              : false;
    if (problem) throw faultyCell(schedule, at, `${text(schedule, action)} ${problem}`);
    if (op === 'UNSHARD') gathered.add(stage);
    if (op === 'RESHARD') gathered.delete(stage);
  });
}

function text({ csv }: Schedule, action: Action): string {
  return printAction(action, csv?.dialect);
}

function faultyCell(schedule: Schedule, at: GridMark, problem: string): ScheduleError {
  return new ScheduleError(`the schedule ${schedule.name} is wrong: ${problem}.\n${printGrid(schedule, at)}`);
}
