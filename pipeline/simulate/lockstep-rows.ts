import type { Action } from '../schedule/action.js';
import { printAction } from '../schedule/action-text.js';
import type { ScheduleError } from '../schedule/errors.js';
import { OP_TABLE } from '../schedule/op-table.js';
import { once } from '../schedule/once.js';
import { Progress } from '../schedule/progress.js';
import { opAt, unitLength, type RankRow } from '../schedule/rank-rows.js';
import { firstWait, type Stuck } from '../schedule/run-order.js';
import type { Schedule } from '../schedule/schedule.js';
import { completeRows, faultyCell } from '../schedule/validate.js';

/**
 * A schedule's rows, each cell of which may run in its cycle: what an action needs is done in a cycle before or, on
 * its own rank, before it in the cycle. Times do not matter for that, so it is asked once for each schedule.
 * @throws ScheduleError when the schedule is wrong or its cells come too early
 */
export const lockstepRows = once((schedule: Schedule): readonly RankRow[] => {
  const facts = completeRows(schedule);
  const { rows } = facts;
  const progress = new Progress(schedule, {}, facts);
  const first = schedule.stageToRank[0]!;
  const cycles = Math.max(0, ...schedule.ranks.map((cells) => cells.length));
  const positions = rows.map(() => 0);
  // Results of this cycle for another rank: they are copied when it is over.
  const departed: Action[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    // What leaves the pipeline lets another micro-batch in from the next cycle on: so the rank that does goes first.
    for (let each = 0; each < rows.length; each++) {
      const rank = (first + each) % rows.length;
      const at = positions[rank]!;
      positions[rank] = runCell(schedule, { rank, cycle, row: rows[rank]!, at }, progress, departed);
    }
    for (const action of departed) progress.arrive(action, OP_TABLE[action.op]);
    departed.length = 0;
  }
  return rows;
});

interface CellPlace {
  readonly rank: number;
  readonly cycle: number;
  readonly row: RankRow;
  readonly at: number;
}

/** @returns the place of the rank's next action */
function runCell(
  schedule: Schedule,
  { rank, cycle, row, at: from }: CellPlace,
  progress: Progress,
  departed: Action[],
): number {
  const { actions, cycles } = row;
  const { stageToRank } = schedule;
  let at = from;
  while (at < actions.length && cycles[at] === cycle) {
    const end = at + unitLength(row, at);
    const blocked = firstWait(row, at, end, progress);
    if (blocked) throw tooEarly(schedule, { rank, cycle, ...blocked });
    for (let each = at; each < end; each++) progress.begin(actions[each]!, opAt(row, each));
    for (; at < end; at++) {
      const [action, op] = [actions[at]!, opAt(row, at)];
      progress.end(action, op);
      const to = progress.handsTo(action.stage, op);
      if (to === undefined || stageToRank[to] === rank) continue;
      progress.depart(action, op);
      departed.push(action);
    }
  }
  return at;
}

function tooEarly(schedule: Schedule, { rank, cycle, action, wait }: Stuck): ScheduleError {
  const print = (each: Action): string => printAction(each, schedule.csv?.dialect);
  const what = wait.action ? `${print(wait.action)}, which no cycle before has done` : wait.cause;
  const problem = `in lockstep, ${print(action)} in cycle ${cycle} waits for ${what}`;
  return faultyCell(schedule, { rank, cycle }, problem);
}
