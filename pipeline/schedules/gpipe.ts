import type { Action } from '../schedule/action.js';
import type { Schedule, ScheduleSize } from '../schedule/schedule.js';
import { inCycles } from './in-cycles.js';
import { inLine } from './placement.js';

/**
 * GPipe (Huang et al., 2019): all forwards, then all backwards. Bubble (n − 1)/(m + n − 1); every stage keeps the
 * activations of all m micro-batches.
 *
 *     n = 3, m = 3      cycle  0   1   2   3   4   5   6   7   8   9
 *                      rank 0 0F0 0F1 0F2  ·   ·   ·   ·  0B0 0B1 0B2
 *                      rank 1  ·  1F0 1F1 1F2  ·   ·  1B0 1B1 1B2  ·
 *                      rank 2  ·   ·  2F0 2F1 2F2 2B0 2B1 2B2  ·   ·
 */
export function gpipe(size: ScheduleSize): Schedule {
  const placement = inLine('gpipe', size);
  const orders = placement.stageToRank.map((_, stage) => [
    ...Array.from({ length: size.microBatches }, (_, i): Action => ({ stage, op: 'F', microBatch: i })),
    ...Array.from({ length: size.microBatches }, (_, i): Action => ({ stage, op: 'B', microBatch: i })),
  ]);
  return inCycles('gpipe', size, placement, orders);
}
