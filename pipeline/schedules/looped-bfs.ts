import type { Action } from '../schedule/action.js';
import type { Schedule, ScheduleSize } from '../schedule/schedule.js';
import { inCycles } from './in-cycles.js';
import { inLoops } from './placement.js';

/**
 * Looped breadth-first (Lamy-Poirier, 2022): each rank runs all micro-batches through a chunk before its next
 * chunk; backward in the reverse order. One all-gather of sharded weights for each chunk is enough, for the
 * activations of all micro-batches.
 *
 *     4 stages, 2 chunks, m = 2   cycle  0   1   2   3   4   5   6   7   8   9
 *                                rank 0 0F0 0F1 2F0 2F1  ·   ·  2B1 2B0 0B1 0B0
 *                                rank 1  ·  1F0 1F1 3F0 3F1 3B1 3B0 1B1 1B0  ·
 *
 * @throws InputError when the stages are no multiple of the chunks
 */
export function loopedBfs(size: ScheduleSize): Schedule {
  const placement = inLoops('looped-bfs', size);
  const { ranks, chunks } = placement;
  const all = Array.from({ length: size.microBatches }, (_, i) => i);
  const orders = Array.from({ length: ranks }, (_, rank) => {
    const stages = Array.from({ length: chunks }, (_, chunk) => chunk * ranks + rank);
    return [
      ...stages.flatMap((stage) => all.map((microBatch): Action => ({ stage, op: 'F', microBatch }))),
      ...stages
        .toReversed()
        .flatMap((stage) => all.toReversed().map((microBatch): Action => ({ stage, op: 'B', microBatch }))),
    ];
  });
  return inCycles('looped-bfs', size, placement, orders);
}
