import { InputError } from '../../ipu-config/base/errors.js';
import type { ScheduleSize } from '../schedule/schedule.js';

/** Where the stages of a schedule stand. */
export interface Placement {
  readonly ranks: number;
  /** Stages on each rank. */
  readonly chunks: number;
  readonly stageToRank: readonly number[];
}

/** Stage j on rank j. @throws InputError */
export function inLine(name: string, size: ScheduleSize): Placement {
  if ((size.chunks ?? 1) !== 1) {
    throw new InputError(
      `${name} has one stage on each rank, not ${size.chunks} chunks; leave the chunks out, or take a schedule that ` +
        'loops (interleaved-1f1b, looped-bfs, interleaved-zb).',
    );
  }
  return placed(name, size, size.stages, 1, (stage) => stage);
}

/** The rank of each stage, for schedules with several stages on a rank. */
export function stageRanks(layout: 'loops' | 'v', ranks: number, chunks: number): number[] {
  const rankOf = layout === 'loops' ? inTurn(ranks) : downAndUp(ranks);
  return Array.from({ length: ranks * chunks }, (_, stage) => rankOf(stage));
}

const inTurn =
  (ranks: number) =>
  (stage: number): number =>
    stage % ranks;

const downAndUp =
  (ranks: number) =>
  (stage: number): number =>
    Math.min(stage, 2 * ranks - 1 - stage);

/** Stage j on rank j mod ranks: the pipeline passes all ranks as often as there are chunks. @throws InputError */
export function inLoops(name: string, size: ScheduleSize, chunks = size.chunks ?? 2): Placement {
  const ranks = ranksOf(name, size, chunks);
  return placed(name, size, ranks, chunks, inTurn(ranks));
}

/** Rank r has the stages r and 2·ranks − 1 − r: down the ranks and back up. @throws InputError */
export function inV(name: string, size: ScheduleSize): Placement {
  if ((size.chunks ?? 2) !== 2) {
    throw new InputError(
      `${name} has two stages on each rank, not ${size.chunks}; leave the chunks out, or give 2.`,
    );
  }
  const ranks = ranksOf(name, size, 2);
  return placed(name, size, ranks, 2, downAndUp(ranks));
}

function ranksOf(name: string, { stages }: ScheduleSize, chunks: number): number {
  if (Number.isInteger(stages / chunks) && stages > 0) return stages / chunks;
  throw new InputError(
    `${name} cannot deal ${stages} stages to ranks in chunks of ${chunks}: stages are counted over all ranks, and ` +
      `must be a multiple of ${chunks} (ranks × chunks).`,
  );
}

function placed(
  name: string,
  { stages, stageToRank }: ScheduleSize,
  ranks: number,
  chunks: number,
  rankOf: (stage: number) => number,
): Placement {
  const own = Array.from({ length: stages }, (_, stage) => rankOf(stage));
  if (stageToRank !== undefined && stageToRank.join() !== own.join()) {
    throw new InputError(
      `${name} places its stages on ranks ${own.join(', ')}; it cannot have them on ${stageToRank.join(', ')}.`,
    );
  }
  return { ranks, chunks, stageToRank: own };
}
