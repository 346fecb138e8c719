import type { Action } from '../schedule/action.js';
import type { Schedule, ScheduleSize } from '../schedule/schedule.js';

/**
 * The lockstep schedule: in cycle k, stage j works on micro-batch k − j while 0 ≤ k − j < m.
 * This is PopART's fill / main / flush (popart willow/src/transforms/pipeline.cpp, PipelineInfo::doStage).
 *
 *     n = 3, m = 4      cycle  0   1   2   3   4   5
 *                     stage 0 0F0 0F1 0F2 0F3  ·   ·
 *                     stage 1  ·  1F0 1F1 1F2 1F3  ·
 *                     stage 2  ·   ·  2F0 2F1 2F2 2F3
 */
export function lockstep(name: string, { stages, microBatches, stageToRank }: ScheduleSize): Schedule {
  const owner = stageToRank ?? Array.from({ length: stages }, (_, j) => j);
  const cycles = microBatches + stages - 1;
  const ranks = Array.from({ length: Math.max(...owner) + 1 }, (_, rank) =>
    Array.from({ length: cycles }, (_, k) => {
      const cell: Action[] = [];
      for (let j = 0; j < stages; j++) {
        const microBatch = k - j;
        if (owner[j] === rank && microBatch >= 0 && microBatch < microBatches) {
          cell.push({ stage: j, op: 'F', microBatch });
        }
      }
      return cell;
    }),
  );
  return { name, stages, microBatches, stageToRank: owner, ranks };
}
