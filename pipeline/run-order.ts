import type { Action } from './action.js';
import { Progress, type ProgressLimits } from './progress.js';
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
  const lists = schedule.ranks.map((cells, rank) =>
    cells.flatMap((cell, cycle) => cell.map((action) => ({ rank, cycle, action }))),
  );
  const positions = lists.map(() => 0);
  const order: Action[] = [];
  for (let moved = true; moved;) {
    moved = false;
    lists.forEach((list, rank) => {
      for (let next = list[positions[rank]!]; next; next = list[positions[rank]!]) {
        if (waitOf(next.action, progress)) return;
        progress.begin(next.action);
        progress.end(next.action);
        order.push(next.action);
        positions[rank]!++;
        moved = true;
      }
    });
  }
  const stuck = lists.flatMap((list, rank) => {
    const next = list[positions[rank]!];
    const wait = next && waitOf(next.action, progress);
    return next && wait ? [{ ...next, wait }] : [];
  });
  return { order, stuck };
}
