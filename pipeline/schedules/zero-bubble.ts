import type { Action } from '../schedule/action.js';
import type { Schedule, ScheduleSize } from '../schedule/schedule.js';
import { inCycles } from './in-cycles.js';
import { inLoops, inLine, type Placement } from './placement.js';
import { RankScript, times } from './rank-script.js';
import { roundsOf } from './rounds.js';

/**
 * Zero bubble with 1F1B's memory: ZB1P, ZB-H1 of Qi et al. (2023). The backward is in halves: the input half (I),
 * which the stage before waits for, goes first; the weight half (W) fills what would be bubble. Rank r owes r weight
 * halves. Bubble (n − 1)(F + I − W), a third of 1F1B's where the three take the same time.
 *
 *     n = 3, m = 4      cycle  0   1   2   3   4   5   6   7   8   9  10  11  12  13
 *                      rank 0 0F0 0F1 0F2  ·   ·  0I0 0W0 0F3 0I1 0W1 0I2 0W2 0I3 0W3
 *                      rank 1  ·  1F0 1F1  ·  1I0 1F2 1I1 1W0 1F3 1I2 1W1 1I3 1W2 1W3
 *                      rank 2  ·   ·  2F0 2I0 2F1 2I1 2F2 2I2 2W0 2F3 2I3 2W1 2W2 2W3
 */
export function zb1p(size: ScheduleSize): Schedule {
  return zeroBubble('zb1p', size, inLine('zb1p', size));
}

/**
 * ZB1P over several chunks on each rank: torch's ScheduleInterleavedZeroBubble.
 *
 *     4 stages, 2 chunks, m = 2   cycle  0   1   2   3   4   5   6   7   8   9  10  11  12
 *                                rank 0 0F0 0F1 2F0 2F1  ·  2I0 2W0 2I1 2W1 0I0 0W0 0I1 0W1
 *                                rank 1  ·  1F0 1F1 3F0 3I0 3F1 3I1 3W0 1I0 3W1 1I1 1W0 1W1
 *
 * @throws InputError when the stages are no multiple of the chunks, or the micro-batches of the rounds
 */
export function interleavedZeroBubble(size: ScheduleSize): Schedule {
  return zeroBubble('interleaved-zb', size, inLoops('interleaved-zb', size));
}

function zeroBubble(name: string, size: ScheduleSize, placement: Placement): Schedule {
  const { ranks, chunks } = placement;
  const rounds = chunks === 1 ? ONE_CHUNK : roundsOf(name, size, placement);
  const total = chunks * size.microBatches;
  const orders = Array.from({ length: ranks }, (_, rank): Action[] => {
    const ahead = Math.min(total, (chunks - 1) * rounds.microBatchesPerRound + ranks - 1 - rank);
    const script = new RankScript();
    let [forwards, backwards] = [0, 0];
    const forward = (): void => script.forward(rounds.forwardStage(rank, forwards++));
    const backward = (): void => {
      script.inputBackward(rounds.backwardStage(rank, backwards++));
      if (backwards > rank) script.weightBackward();
    };
    times(ahead, forward);
    times(total - ahead, () => {
      forward();
      backward();
    });
    times(ahead, backward);
    while (script.owesWeights) script.weightBackward();
    return script.actions;
  });
  return inCycles(name, size, placement, orders);
}

const ONE_CHUNK = {
  microBatchesPerRound: 0,
  forwardStage: (rank: number): number => rank,
  backwardStage: (rank: number): number => rank,
};
