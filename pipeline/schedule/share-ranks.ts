import type { Schedule } from './schedule.js';

/**
 * The same schedule with several of its ranks on one: a rank then does in each cycle, one after another, what they
 * did. PopART's way when two stages sit on one IPU.
 * @param owner `owner[r]` is the new rank of rank r
 */
export function shareRanks(schedule: Schedule, owner: readonly number[]): Schedule {
  const ranks = Math.max(...owner) + 1;
  const cycles = Math.max(...schedule.ranks.map((cells) => cells.length));
  return {
    ...schedule,
    stageToRank: schedule.stageToRank.map((rank) => owner[rank]!),
    ranks: Array.from({ length: ranks }, (_, rank) => {
      const together = schedule.ranks.filter((_, r) => owner[r] === rank);
      return Array.from({ length: cycles }, (_, k) => together.flatMap((cells) => cells[k] ?? []));
    }),
  };
}
