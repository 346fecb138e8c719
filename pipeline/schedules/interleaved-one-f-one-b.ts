import type { Schedule, ScheduleSize } from '../schedule/schedule.js';
import { inCycles } from './in-cycles.js';
import { inLoops } from './placement.js';
import { RankScript, times } from './rank-script.js';
import { roundsOf } from './rounds.js';

/**
 * Interleaved 1F1B (Narayanan et al., 2021), as in Megatron-LM and torch.distributed.pipelining: each rank has several
 * chunks, so that the ramp is that much shorter. Rank r runs (chunks − 1) rounds and 2·(ranks − 1 − r) forwards
 * ahead, then one forward and one backward in turn. The bubble of 1F1B divided by the chunks, for more
 * activations and transfers.
 *
 *     4 stages, 2 chunks, m = 2   cycle  0   1   2   3   4   5   6   7   8   9
 *                                rank 0 0F0 0F1 2F0 2F1  ·  2B0  ·  2B1 0B0 0B1
 *                                rank 1  ·  1F0 1F1 3F0 3B0 3F1 3B1 1B0 1B1  ·
 *
 * @throws InputError when the stages are no multiple of the chunks, or the micro-batches of the rounds
 */
export function interleavedOneFOneB(size: ScheduleSize): Schedule {
  const placement = inLoops('interleaved-1f1b', size);
  const { ranks, chunks } = placement;
  const rounds = roundsOf('interleaved-1f1b', size, placement);
  const total = chunks * size.microBatches;
  const orders = Array.from({ length: ranks }, (_, rank) => {
    const ahead = Math.min(total, (chunks - 1) * rounds.microBatchesPerRound + 2 * (ranks - 1 - rank));
    const script = new RankScript();
    let [forwards, backwards] = [0, 0];
    const forward = (): void => script.forward(rounds.forwardStage(rank, forwards++));
    const backward = (): void => script.backward(rounds.backwardStage(rank, backwards++));
    times(ahead, forward);
    times(total - ahead, () => {
      forward();
      backward();
    });
    times(ahead, backward);
    return script.actions;
  });
  return inCycles('interleaved-1f1b', size, placement, orders);
}
