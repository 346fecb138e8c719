import type { Action } from './action.js';
import { Progress, type ProgressLimits } from './progress.js';
import { rankRows, unitLength, type RankRow } from './rank-row.js';
import { waitOf, type Wait } from './readiness.js';
import type { Schedule } from './schedule.js';

/** A rank that cannot go on: where it stands and what it waits for. */
export interface Stuck {
  readonly rank: number;
  readonly cycle: number;
  readonly action: Action;
  readonly wait: Wait;
}

/**
 * Runs a schedule without time: each rank takes its actions in order, as soon as the readiness rule lets it.
 * @returns the actions in an order that respects the rule, and the ranks that are stuck in the end
 */
export function runOrder(
  schedule: Schedule,
  limits: ProgressLimits = {},
): { order: Action[]; stuck: Stuck[] } {
  const progress = new Progress(schedule, limits);
  const rows = rankRows(schedule);
  const positions = rows.map(() => 0);
  const order: Action[] = [];
  for (let moved = true; moved;) {
    moved = false;
    rows.forEach((row, rank) => {
      const { actions } = row;
      let at = positions[rank]!;
      while (at < actions.length) {
        const end = at + unitLength(row, at);
        if (firstWait(row, at, end, progress)) break;
        for (let each = at; each < end; each++) progress.begin(actions[each]!);
        for (; at < end; at++) {
          progress.end(actions[at]!);
          order.push(actions[at]!);
        }
        moved = true;
      }
      positions[rank] = at;
    });
  }
  const stuck = rows.flatMap((row, rank) => {
    const at = positions[rank]!;
    const blocked = at < row.actions.length && firstWait(row, at, at + unitLength(row, at), progress);
    return blocked ? [{ rank, cycle: row.cycles[at]!, ...blocked }] : [];
  });
  return { order, stuck };
}

/** The first action from `at` to before `end` that has to wait; they begin together, so all wait for it. */
export function firstWait(
  { actions }: RankRow,
  at: number,
  end: number,
  progress: Progress,
): { action: Action; wait: Wait } | undefined {
  for (let each = at; each < end; each++) {
    const action = actions[each]!;
    const wait = waitOf(action, progress);
    if (wait) return { action, wait };
  }
  return undefined;
}
