import type { Action } from '../schedule/action.js';
import type { Schedule, ScheduleSize } from '../schedule/schedule.js';

/**
 * One stage at a time: PopTorch's sharded execution, which optimum-graphcore uses in inference. The stages exist
 * because the model does not fit on one IPU, not because they overlap.
 *
 *     n = 3, m = 2     cycle   0   1   2   3   4   5
 *                     rank 0  0F0  ·   ·  0F1  ·   ·
 *                     rank 1   ·  1F0  ·   ·  1F1  ·
 *                     rank 2   ·   ·  2F0  ·   ·  2F1
 */
export function sequential({ stages, microBatches, stageToRank }: ScheduleSize): Schedule {
  const owner = stageToRank ?? Array.from({ length: stages }, (_, j) => j);
  const cycles = stages * microBatches;
  const ranks = Array.from({ length: Math.max(...owner) + 1 }, (_, rank) =>
    Array.from({ length: cycles }, (_, k): Action[] => {
      const stage = k % stages;
      return owner[stage] === rank ? [{ stage, op: 'F', microBatch: Math.floor(k / stages) }] : [];
    }),
  );
  return { name: 'sequential', stages, microBatches, stageToRank: owner, ranks, inFlightLimit: 1 };
}
