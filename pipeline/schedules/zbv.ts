import type { Action } from '../schedule/action.js';
import type { Schedule, ScheduleSize } from '../schedule/schedule.js';
import { inCycles } from './in-cycles.js';
import { inV, type Placement } from './placement.js';

/**
 * ZBV (Qi et al., 2024): two stages on each rank, placed in a V, so that the rank that begins a forward also ends it
 * and the first backward starts next to it. No bubble but the ramp of the first forwards where F, I and W take the
 * same time, and no more activations than 1F1B: 2·ranks of these half-size chunks on each rank.
 *
 *     4 stages, m = 3   cycle  0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15  16  17  18
 *                      rank 0 0F0 0F1 0F2 3F0 3I0 3W0 3F1 3I1 3W1 0I0 0W0 3F2 3I2 3W2 0I1 0W1 0I2 0W2  ·
 *                      rank 1  ·  1F0 2F0 1F1 2F1 2I0 2W0 1F2 1I0 1W0 2F2 2I1 2W1 1I1 2I2 1I2 1W1 2W2 1W2
 *
 * @throws InputError when the stages are odd
 */
export function zbv(size: ScheduleSize): Schedule {
  const placement = inV('zbv', size);
  // The phases need that many micro-batches; of fewer, the rest is left out.
  const full = Math.max(size.microBatches, 2 * placement.ranks - 1);
  const orders = Array.from({ length: placement.ranks }, (_, rank) =>
    rankOrder(rank, placement, full).filter(({ microBatch }) => microBatch < size.microBatches),
  );
  return inCycles('zbv', size, placement, orders);
}

/** The rank's lower stage is on the way down, its upper one on the way back. */
function rankOrder(rank: number, { ranks, stageToRank }: Placement, microBatches: number): Action[] {
  const [down, up] = [rank, stageToRank.length - 1 - rank];
  const actions: Action[] = [];
  const next = new Map<string, number>();
  const run = (stage: number, ...ops: readonly Action['op'][]): void => {
    for (const op of ops) {
      const microBatch = next.get(op + stage) ?? 0;
      next.set(op + stage, microBatch + 1);
      actions.push({ stage, op, microBatch });
    }
  };
  const done = (op: Action['op'], stage: number): number => next.get(op + stage) ?? 0;
  for (let k = 0; k < 2 * (ranks - rank) - 1; k++) run(down, 'F');
  for (let k = 0; k < rank; k++) {
    run(up, 'F');
    run(down, 'F');
  }
  for (let k = 0; k < ranks - rank; k++) run(up, 'F', 'I', 'W');
  while (done('F', up) < microBatches) {
    if (done('F', down) < microBatches) run(down, 'F');
    run(down, 'I', 'W');
    run(up, 'F', 'I', 'W');
  }
  for (let k = 0; k < rank; k++) {
    run(down, 'I');
    run(up, 'I');
  }
  for (let k = 0; k < ranks - rank; k++) run(down, 'I', 'W');
  while (done('W', up) < microBatches) run(up, 'W');
  while (done('W', down) < microBatches) run(down, 'W');
  return actions;
}
