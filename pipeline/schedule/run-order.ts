import type { Action } from './action.js';
import { Progress, type ProgressLimits } from './progress.js';
import { opAt, rankRows, unitLength, type RankRow, type RankRows } from './rank-rows.js';
import { RULE_LIST, type Wait } from './readiness.js';
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
  const order: Action[] = [];
  const stuck = runRows(schedule, rankRows(schedule), limits, (action) => order.push(action));
  return { order, stuck };
}

/** The same, on rows that are there already. @returns the ranks that are stuck in the end */
export function runRows(
  schedule: Schedule,
  facts: RankRows,
  limits: ProgressLimits,
  onEnd?: (action: Action) => void,
): Stuck[] {
  const progress = new Progress(schedule, limits, facts);
  const { rows } = facts;
  const positions = rows.map(() => 0);
  for (let moved = true; moved;) {
    moved = false;
    for (let rank = 0; rank < rows.length; rank++) {
      const at = advance(rows[rank]!, positions[rank]!, progress, onEnd);
      if (at > positions[rank]!) moved = true;
      positions[rank] = at;
    }
  }
  return rows.flatMap((row, rank) => {
    const at = positions[rank]!;
    const blocked = at < row.actions.length && firstWait(row, at, at + unitLength(row, at), progress);
    return blocked ? [{ rank, cycle: row.cycles[at]!, ...blocked }] : [];
  });
}

/** Takes a rank as far as it can go; gives its new place. */
function advance(
  row: RankRow,
  from: number,
  progress: Progress,
  onEnd: ((action: Action) => void) | undefined,
): number {
  const { actions } = row;
  let at = from;
  while (at < actions.length) {
    const end = at + unitLength(row, at);
    if (firstWait(row, at, end, progress)) break;
    for (let each = at; each < end; each++) progress.begin(actions[each]!, opAt(row, each));
    for (; at < end; at++) {
      progress.end(actions[at]!, opAt(row, at));
      onEnd?.(actions[at]!);
    }
  }
  return at;
}

/** The first action from `at` to before `end` that has to wait; they begin together, so all wait for it. */
export function firstWait(
  { actions, ops }: RankRow,
  at: number,
  end: number,
  progress: Progress,
): { action: Action; wait: Wait } | undefined {
  for (let each = at; each < end; each++) {
    const action = actions[each]!;
    const wait = RULE_LIST[ops[each]!]!(action, progress);
    if (wait) return { action, wait };
  }
  return undefined;
}
