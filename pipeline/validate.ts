import { printAction } from './action-text.js';
import type { Action, Op } from './action.js';
import { ScheduleError } from './errors.js';
import { runOrder, type Stuck } from './run-order.js';
import { usedOps, type ProgressLimits } from './progress.js';
import { printGrid, type GridMark } from './schedule-grid.js';
import type { Schedule } from './schedule.js';

interface PlacedAction extends GridMark {
  readonly action: Action;
}

/**
 * Checks that a schedule can be run: every micro-batch passes every stage exactly once, by actions on the stage's
 * own rank, in an order in which nothing waits for ever.
 * @throws ScheduleError with the reason, and the grid with a marker at the first offending cell
 */
export function validateSchedule(schedule: Schedule, limits: ProgressLimits = {}): void {
  checkShape(schedule);
  const placed = placedActions(schedule);
  for (const { action, rank, cycle } of placed) checkPlace(schedule, action, { rank, cycle });
  checkOnce(schedule, placed);
  checkComplete(schedule);
  const { stuck } = runOrder(schedule, limits);
  if (stuck.length > 0) throw deadlock(schedule, stuck);
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

function placedActions({ ranks }: Schedule): PlacedAction[] {
  return ranks.flatMap((cells, rank) =>
    cells.flatMap((cell, cycle) => cell.map((action) => ({ action, rank, cycle }))),
  );
}

function checkPlace(schedule: Schedule, action: Action, at: GridMark): void {
  const { stages, microBatches, stageToRank } = schedule;
  const { stage, microBatch } = action;
  if (!(stage >= 0 && stage < stages)) {
    throw faultyCell(
      schedule,
      at,
      `${printAction(action)} is of stage ${stage}; stages are 0 … ${stages - 1}`,
    );
  }
  if (!(microBatch >= 0 && microBatch < microBatches)) {
    const range = `0 … ${microBatches - 1}`;
    throw faultyCell(
      schedule,
      at,
      `${printAction(action)} is of micro-batch ${microBatch}; they are ${range}`,
    );
  }
  if (stageToRank[stage] !== at.rank) {
    const owner = stageToRank[stage];
    throw faultyCell(
      schedule,
      at,
      `${printAction(action)} is on rank ${at.rank}, but stage ${stage} is on rank ${owner}`,
    );
  }
}

function checkOnce(schedule: Schedule, placed: readonly PlacedAction[]): void {
  const seen = new Map<string, PlacedAction>();
  for (const current of placed) {
    const text = printAction(current.action);
    const before = seen.get(text);
    if (before) throw faultyCell(schedule, current, `${text} stands in cycle ${before.cycle} already`);
    seen.set(text, current);
  }
}

/** What each stage must do with each micro-batch, given the ops that the schedule has. */
function checkComplete(schedule: Schedule): void {
  const { name, stages, microBatches, stageToRank } = schedule;
  const has = new Set(placedActions(schedule).map(({ action }) => printAction(action)));
  const ops = usedOps(schedule);
  const isTraining = ops.has('B') || ops.has('I');
  for (let stage = 0; stage < stages; stage++) {
    for (let microBatch = 0; microBatch < microBatches; microBatch++) {
      const missing = (op: Op): boolean => !has.has(printAction({ stage, op, microBatch }));
      const absent = !ops.has('F') || missing('F') ? 'F' : isTraining ? missingBackward(missing) : undefined;
      if (absent === undefined) continue;
      const action = printAction({ stage, op: absent, microBatch });
      throw new ScheduleError(
        `the schedule ${name} is incomplete: ${action} is missing on rank ${stageToRank[stage]}.\n${printGrid(schedule)}`,
      );
    }
  }
}

/** A backward is whole (B) or in halves (I and W); the first stage needs no gradient of its input. */
function missingBackward(missing: (op: Op) => boolean): Op | undefined {
  if (!missing('B')) return undefined;
  if (missing('I')) return 'B';
  return missing('W') ? 'W' : undefined;
}

function deadlock(schedule: Schedule, stuck: readonly Stuck[]): ScheduleError {
  const lines = stuck.map(
    ({ rank, cycle, action, wait }) =>
      `  rank ${rank} stops at ${printAction(action)} (cycle ${cycle}), which waits for ` +
      (wait.action ? `${printAction(wait.action)}${ownerNote(schedule, wait.action)}` : waitText(wait)),
  );
  const first = stuck.reduce((a, b) => (b.cycle < a.cycle ? b : a));
  return new ScheduleError(
    `the schedule ${schedule.name} never ends:\n${lines.join('\n')}\n${printGrid(schedule, first)}`,
  );
}

function ownerNote({ stageToRank }: Schedule, { stage }: Action): string {
  return ` of rank ${stageToRank[stage]}`;
}

function waitText({ cause, link }: Stuck['wait']): string {
  return link === undefined ? cause : `a free slot on link ${link} (${cause})`;
}

function faultyCell(schedule: Schedule, at: GridMark, problem: string): ScheduleError {
  return new ScheduleError(`the schedule ${schedule.name} is wrong: ${problem}.\n${printGrid(schedule, at)}`);
}
