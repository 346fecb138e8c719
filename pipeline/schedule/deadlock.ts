import { printAction } from './action-text.js';
import { isSame, type Action } from './action.js';
import { ScheduleError } from './errors.js';
import { OP_TABLE } from './op-table.js';
import type { RankRow } from './rank-rows.js';
import type { Stuck } from './run-order.js';
import { printGrid } from './schedule-grid.js';
import type { Schedule } from './schedule.js';

/** Who waits for whom, the circle that they wait in, and the grid with a marker at the first cell of the circle. */
export function deadlock(
  schedule: Schedule,
  rows: readonly RankRow[],
  stuck: readonly Stuck[],
): ScheduleError {
  const lines = stuck.map((at) => `  ${stopLine(schedule, rows, at)}`);
  const circle = waitingCircle(schedule, stuck);
  const first = circle.reduce((a, b) => (b.cycle < a.cycle ? b : a));
  if (circle.length > 1) {
    const names = [...circle, circle[0]!].map(({ rank }) => `rank ${rank}`);
    lines.push(`they wait in a circle: ${names.join(' → ')}`);
  }
  return new ScheduleError(
    `the schedule ${schedule.name} never ends:\n${lines.join('\n')}\n${printGrid(schedule, first)}`,
  );
}

function stopLine(
  schedule: Schedule,
  rows: readonly RankRow[],
  { rank, cycle, action, wait }: Stuck,
): string {
  const print = (each: Action): string => printAction(each, schedule.csv?.dialect);
  const stops = `rank ${rank} stops at ${print(action)} (cycle ${cycle}), which waits for`;
  if (wait.action === undefined) {
    const what = wait.link === undefined ? wait.cause : `a free slot on link ${wait.link} (${wait.cause})`;
    return `${stops} ${what}`;
  }
  const awaited = wait.action;
  const owner = schedule.stageToRank[awaited.stage]!;
  if (owner !== rank) return `${stops} ${print(awaited)} of rank ${owner}`;
  const later = rows[rank]!.actions.findIndex((each) => isSame(each, awaited));
  const place = later < 0 ? '' : `, in cycle ${rows[rank]!.cycles[later]}`;
  return `${stops} ${print(awaited)}, later in its own row${place}`;
}

/** Follows who waits for whom until a rank comes again: at least one rank, of those that are stuck. */
function waitingCircle(schedule: Schedule, stuck: readonly Stuck[]): Stuck[] {
  const byRank = new Map(stuck.map((at) => [at.rank, at]));
  const path: Stuck[] = [];
  let at = stuck[0];
  while (at && !path.includes(at)) {
    path.push(at);
    at = byRank.get(rankAwaited(schedule, at));
  }
  return at ? path.slice(path.indexOf(at)) : path;
}

/** The rank that has to move first: who does the action, empties the link, or lets a micro-batch leave. */
function rankAwaited({ stages, stageToRank }: Schedule, { action, wait }: Stuck): number {
  if (wait.action) return stageToRank[wait.action.stage]!;
  if (wait.link === undefined) return stageToRank[stages - 1]!;
  const isForward = OP_TABLE[action.op].moves === 'activation';
  return stageToRank[isForward ? Math.min(wait.link, stages - 1) : wait.link - 1]!;
}
