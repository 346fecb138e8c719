import { isTraining } from './op-table.js';
import { opAt, rankRows } from './rank-rows.js';
import type { Schedule } from './schedule.js';

export interface PeakActivations {
  /** Micro-batches whose activations a stage keeps at its worst moment, for each stage. */
  readonly perStage: readonly number[];
  /** The same for all stages of a rank together, for each rank. */
  readonly perRank: readonly number[];
  /** Bytes of a rank at its worst moment, for each rank; only when sizes of activations are given. */
  readonly bytesPerRank?: readonly number[];
}

/**
 * How many activations have to be kept: from the begin of a forward to the end of the last backward that needs them,
 * which is B, or W where the backward is in halves. Without a backward, an activation is kept while its forward runs.
 * It depends on the order of a rank's actions alone, not on their times.
 * @param stashBytes what one micro-batch leaves behind at a stage, for each stage or one number for all
 */
export function peakActivations(
  schedule: Schedule,
  stashBytes?: number | readonly number[],
): PeakActivations {
  const { stages } = schedule;
  const { rows, ops } = rankRows(schedule);
  const training = isTraining(ops);
  const [kept, perStage] = [new Int32Array(stages), new Int32Array(stages)];
  const bytesOf = (stage: number): number =>
    typeof stashBytes === 'number' ? stashBytes : (stashBytes?.[stage] ?? 0);
  const peaks = rows.map((row) => {
    let [count, bytes, peakCount, peakBytes] = [0, 0, 0, 0];
    for (let at = 0; at < row.actions.length; at++) {
      const { stage } = row.actions[at]!;
      const { stash } = opAt(row, at);
      if (stash === 'keeps') {
        perStage[stage] = Math.max(perStage[stage]!, ++kept[stage]!);
        peakCount = Math.max(peakCount, ++count);
        peakBytes = Math.max(peakBytes, (bytes += bytesOf(stage)));
      }
      if (stash === 'frees' || (stash === 'keeps' && !training)) {
        kept[stage]!--;
        count--;
        bytes -= bytesOf(stage);
      }
    }
    return { peakCount, peakBytes };
  });
  return {
    perStage: [...perStage],
    perRank: peaks.map(({ peakCount }) => peakCount),
    ...(stashBytes === undefined ? {} : { bytesPerRank: peaks.map(({ peakBytes }) => peakBytes) }),
  };
}
