import { InternalError } from '../../ipu-config/base/errors.js';
import type { Action } from '../schedule/action.js';
import { Progress } from '../schedule/progress.js';
import { rankRows, unitLength } from '../schedule/rank-rows.js';
import { firstWait } from '../schedule/run-order.js';
import type { Cell, Schedule, ScheduleSize } from '../schedule/schedule.js';
import type { Placement } from './placement.js';

/**
 * Lays each rank's actions out in cycles: in each cycle a rank does its next action, if all that it needs was done
 * in the cycles before; else it is idle. Every action takes one cycle, and so does an overlapped pair.
 */
export function inCycles(
  name: string,
  { stages, microBatches }: ScheduleSize,
  { stageToRank }: Placement,
  orders: readonly (readonly Action[])[],
): Schedule {
  const draft = { name, stages, microBatches, stageToRank, ranks: orders.map((order) => [order]) };
  const facts = rankRows(draft);
  const progress = new Progress(draft, {}, facts);
  const positions = facts.rows.map(() => 0);
  const ranks: Cell[][] = facts.rows.map(() => []);
  for (;;) {
    const cells = facts.rows.map((row, rank) => {
      const at = positions[rank]!;
      if (at === row.actions.length) return undefined;
      const end = at + unitLength(row, at);
      return firstWait(row, at, end, progress) ? [] : row.actions.slice(at, end);
    });
    if (cells.every((cell) => cell === undefined)) return { ...draft, ranks: filled(ranks) };
    if (!cells.some((cell) => cell !== undefined && cell.length > 0)) {
      throw new InternalError(
        `the schedule ${name} of ${stages} stages, ${microBatches} micro-batches is stuck`,
      );
    }
    cells.forEach((cell = [], rank) => {
      for (const action of cell) {
        progress.begin(action);
        progress.end(action);
      }
      positions[rank]! += cell.length;
      ranks[rank]!.push(cell);
    });
  }
}

/** Rows of one length, as every row of a grid has. */
function filled(ranks: readonly Cell[][]): Cell[][] {
  const cycles = Math.max(0, ...ranks.map((cells) => cells.findLastIndex((cell) => cell.length > 0) + 1));
  return ranks.map((cells) => cells.slice(0, cycles));
}
