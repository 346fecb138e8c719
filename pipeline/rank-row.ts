import type { Action } from './action.js';
import type { Schedule } from './schedule.js';

/** A rank's actions in their order, without the idle cells; `cycles[a]` is where action a stands. */
export interface RankRow {
  readonly actions: readonly Action[];
  readonly cycles: Int32Array;
}

export function rankRows({ ranks }: Schedule): RankRow[] {
  return ranks.map((cells) => {
    const actions: Action[] = [];
    const cycles: number[] = [];
    cells.forEach((cell, cycle) => {
      for (const action of cell) {
        actions.push(action);
        cycles.push(cycle);
      }
    });
    return { actions, cycles: Int32Array.from(cycles) };
  });
}

/**
 * How many actions begin together at `at`: 1, or those of an overlapped pair. Actions of one micro-batch need each
 * other's results, so that they run one after another whatever the schedule says.
 */
export function unitLength({ actions, cycles }: RankRow, at: number): number {
  if (actions[at]!.overlapsNext === undefined) return 1;
  const microBatches = new Set<number>();
  for (let end = at; ; end++) {
    const { microBatch, overlapsNext } = actions[end]!;
    if (microBatches.has(microBatch)) return 1;
    microBatches.add(microBatch);
    if (overlapsNext === undefined || cycles[end + 1] !== cycles[at]) return end + 1 - at;
  }
}
