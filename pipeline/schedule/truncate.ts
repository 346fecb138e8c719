import { firstMicroBatch } from './action.js';
import type { Schedule } from './schedule.js';

/**
 * What is left of a schedule when the stream ends after `microBatches`: the actions of later ones are gone, and so
 * are the cycles at the end in which nothing is left.
 */
export function truncate(schedule: Schedule, microBatches: number): Schedule {
  const { callSize = schedule.microBatches } = schedule;
  const kept = schedule.ranks.map((cells) =>
    cells.map((cell) => cell.filter((action) => firstMicroBatch(action, callSize) < microBatches)),
  );
  const cycles = Math.max(0, ...kept.map((cells) => cells.findLastIndex((cell) => cell.length > 0) + 1));
  return {
    ...schedule,
    microBatches: Math.min(microBatches, schedule.microBatches),
    ranks: kept.map((cells) => cells.slice(0, cycles)),
  };
}
