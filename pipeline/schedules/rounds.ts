import { InputError } from '../../ipu-config/base/errors.js';
import type { ScheduleSize } from '../schedule/schedule.js';
import type { Placement } from './placement.js';

/** The order in which a rank of a looped schedule visits its stages. */
export interface Rounds {
  /** Micro-batches that pass a chunk before the next chunk's turn. */
  readonly microBatchesPerRound: number;
  /** Stage of the rank's k-th forward, and of its k-th backward. */
  forwardStage(rank: number, k: number): number;
  backwardStage(rank: number, k: number): number;
}

/**
 * Depth first: a rank takes a round of micro-batches through its chunks, one chunk after another, before the next
 * round. A round is as long as there are ranks, or a little longer where that divides the micro-batches evenly.
 * @throws InputError when no round length does
 */
export function roundsOf(name: string, { microBatches }: ScheduleSize, placement: Placement): Rounds {
  const { ranks, chunks } = placement;
  const rounds = Math.max(1, Math.floor(microBatches / ranks));
  if (microBatches % rounds !== 0) {
    throw new InputError(
      `${name} goes in rounds of micro-batches, one for each of the ${ranks} ranks: ${microBatches} micro-batches do ` +
        `not make ${rounds} equal rounds; give a multiple of ${ranks}.`,
    );
  }
  const microBatchesPerRound = microBatches / rounds;
  const chunkAt = (k: number): number => Math.floor(k / microBatchesPerRound) % chunks;
  return {
    microBatchesPerRound,
    forwardStage: (rank, k) => chunkAt(k) * ranks + rank,
    backwardStage: (rank, k) => (chunks - 1 - chunkAt(k)) * ranks + rank,
  };
}
