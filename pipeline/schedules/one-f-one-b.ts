import type { Schedule, ScheduleSize } from '../schedule/schedule.js';
import { inCycles } from './in-cycles.js';
import { inLine } from './placement.js';
import { RankScript, times } from './rank-script.js';

/**
 * 1F1B (PipeDream-Flush; Narayanan et al., 2021): stage j runs n − 1 − j forwards ahead, then one forward and one
 * backward in turn. GPipe's bubble, but stage j keeps the activations of at most n − j micro-batches.
 *
 *     n = 3, m = 4      cycle  0   1   2   3   4   5   6   7   8   9  10  11
 *                      rank 0 0F0 0F1 0F2  ·   ·  0B0 0F3 0B1  ·  0B2  ·  0B3
 *                      rank 1  ·  1F0 1F1  ·  1B0 1F2 1B1 1F3 1B2  ·  1B3  ·
 *                      rank 2  ·   ·  2F0 2B0 2F1 2B1 2F2 2B2 2F3 2B3  ·   ·
 */
export function oneFOneB(size: ScheduleSize): Schedule {
  const placement = inLine('1f1b', size);
  const { microBatches } = size;
  const orders = placement.stageToRank.map((_, stage) => {
    const ahead = Math.min(microBatches, placement.ranks - 1 - stage);
    const script = new RankScript();
    times(ahead, () => script.forward(stage));
    times(microBatches - ahead, () => {
      script.forward(stage);
      script.backward(stage);
    });
    times(ahead, () => script.backward(stage));
    return script.actions;
  });
  return inCycles('1f1b', size, placement, orders);
}
