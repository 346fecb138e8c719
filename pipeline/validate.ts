import { printAction } from './action-text.js';
import { isOfWholeStage, isTransfer, OPS, WHOLE_STAGE, type Action, type Op } from './action.js';
import { deadlock } from './deadlock.js';
import { ScheduleError } from './errors.js';
import { communicatingLinks, usedOps, type ProgressLimits } from './progress.js';
import { rankRows, type RankRow } from './rank-row.js';
import { runOrder } from './run-order.js';
import { printGrid, type GridMark } from './schedule-grid.js';
import type { Schedule } from './schedule.js';

/**
 * Checks that a schedule can be run: every micro-batch passes every stage exactly once, by actions on the stage's
 * own rank, in an order in which nothing waits for ever.
 * @throws ScheduleError with the reason, and the grid with a marker at the first offending cell
 */
export function validateSchedule(schedule: Schedule, limits: ProgressLimits = {}): void {
  checkShape(schedule);
  const rows = rankRows(schedule);
  eachAction(rows, (action, at) => checkPlace(schedule, action, at));
  checkSize(schedule, rows);
  const done = checkOnce(schedule, rows);
  checkComplete(schedule, rows, done);
  checkShards(schedule, rows);
  const { stuck } = runOrder(schedule, limits);
  if (stuck.length > 0) throw deadlock(schedule, rows, stuck);
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

function checkPlace(schedule: Schedule, action: Action, at: GridMark): void {
  const { stages, microBatches, stageToRank } = schedule;
  const { stage, op, microBatch } = action;
  const problem = !(Number.isInteger(stage) && stage >= 0 && stage < stages)
    ? `is of stage ${stage}; stages are 0 … ${stages - 1}`
    : !isMicroBatch(op, microBatch, microBatches)
      ? `is of micro-batch ${microBatch}; they are 0 … ${microBatches - 1}`
      : stageToRank[stage] !== at.rank
        ? `is on rank ${at.rank}, but stage ${stage} is on rank ${stageToRank[stage]}`
        : hasNoNeighbour(action, stages)
          ? `has no stage to exchange with; stages are 0 … ${stages - 1}`
          : undefined;
  if (problem) throw faultyCell(schedule, at, `${text(schedule, action)} ${problem}`);
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

type Done = (op: Op, stage: number, microBatch: number) => boolean;

function checkOnce(schedule: Schedule, rows: readonly RankRow[]): Done {
  const { stages, microBatches } = schedule;
  const seen = new Uint8Array(OPS.length * stages * microBatches);
  const opIndex = Object.fromEntries(OPS.map((op, at) => [op, at])) as Record<Op, number>;
  const index = (op: Op, stage: number, microBatch: number): number =>
    (opIndex[op] * stages + stage) * microBatches + microBatch;
  eachAction(rows, (action, at) => {
    const { op, stage, microBatch } = action;
    if (microBatch === WHOLE_STAGE) return;
    if (seen[index(op, stage, microBatch)] === 1) {
      const before = firstCycle(rows[at.rank]!, action);
      throw faultyCell(schedule, at, `${text(schedule, action)} stands in cycle ${before} already`);
    }
    seen[index(op, stage, microBatch)] = 1;
  });
  return (op, stage, microBatch) => seen[index(op, stage, microBatch)] === 1;
}

function firstCycle({ actions, cycles }: RankRow, { op, stage, microBatch }: Action): number {
  const at = actions.findIndex((a) => a.op === op && a.stage === stage && a.microBatch === microBatch);
  return cycles[at]!;
}

/** What each stage must do with each micro-batch, given the ops that the schedule has. */
function checkComplete(schedule: Schedule, rows: readonly RankRow[], done: Done): void {
  const { stages, microBatches } = schedule;
  const ops = usedOps(schedule);
  const isTraining = ops.has('B') || ops.has('I') || ops.has('W');
  const communicates = communicatingLinks(schedule);
  for (let stage = 0; stage < stages; stage++) {
    const [before, after] = [communicates[stage]!, communicates[stage + 1]!];
    for (let microBatch = 0; microBatch < microBatches; microBatch++) {
      const lacks = (op: Op): boolean => !done(op, stage, microBatch);
      const op =
        (lacks('F') ? 'F' : undefined) ??
        (isTraining ? missingBackward(lacks) : undefined) ??
        (before && lacks('RECV_F') ? 'RECV_F' : undefined) ??
        (after && lacks('SEND_F') ? 'SEND_F' : undefined) ??
        (before && isTraining && lacks('SEND_B') ? 'SEND_B' : undefined) ??
        (after && isTraining && lacks('RECV_B') ? 'RECV_B' : undefined);
      if (op !== undefined) throw missing(schedule, rows, { stage, op, microBatch });
      if (!lacks('B') && !(lacks('I') && lacks('W'))) {
        const half = lacks('I') ? 'W' : 'I';
        throw twice(schedule, rows, { stage, op: half, microBatch });
      }
    }
  }
}

/** A backward is whole (B) or in halves (I and W). */
function missingBackward(lacks: (op: Op) => boolean): Op | undefined {
  if (!lacks('B')) return undefined;
  if (lacks('I')) return lacks('W') ? 'B' : 'I';
  return lacks('W') ? 'W' : undefined;
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
function checkShards(schedule: Schedule, rows: readonly RankRow[]): void {
  const ops = usedOps(schedule);
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
