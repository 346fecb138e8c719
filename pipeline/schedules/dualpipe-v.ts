import { InputError } from '../../ipu-config/base/errors.js';
import type { Action } from '../schedule/action.js';
import type { Schedule, ScheduleSize } from '../schedule/schedule.js';
import { inCycles } from './in-cycles.js';
import { inV, type Placement } from './placement.js';
import { RankScript, times } from './rank-script.js';

/**
 * DualPipeV (DeepSeek, 2025): the V placement of ZBV; in the steady state the forward of one stage overlaps with the
 * whole backward of the other, so that the transfers of one hide behind the computing of the other. Pairs are
 * written `(0F7;7B3)OVERLAP_F_B`.
 *
 *     4 stages, m = 4; (a;b) for (a;b)OVERLAP_F_B
 *
 *     cycle  0   1   2   3   4   5   6      7         8         9        10     11  12  13  14  15
 *     rank 0 0F0 0F1 0F2 3F0 3I0 3W0 3F1 (0F3;3B1) (3F2;0B0)   3B2    (3F3;0B1) 3B3 0I2 0W2 0I3 0W3
 *     rank 1  ·  1F0 2F0 1F1 2F1 1F2 2B0 (2F2;1B0) (1F3;2B1) (2F3;1B1)   2B2    1B2 2I3 1I3 2W3 1W3
 *
 * @throws InputError when the stages are odd, or more than the micro-batches
 */
export function dualPipeV(size: ScheduleSize): Schedule {
  const placement = inV('dualpipev', size);
  if (size.microBatches < size.stages) {
    throw new InputError(
      `dualpipev needs at least as many micro-batches as stages: ${size.microBatches} are fewer than ${size.stages}.`,
    );
  }
  const orders = Array.from({ length: placement.ranks }, (_, rank) =>
    rankOrder(rank, placement, size.microBatches),
  );
  return inCycles('dualpipev', size, placement, orders);
}

/** The eight steps of DeepSeek's description; the rank's stages are on the way down and on the way back up. */
function rankOrder(rank: number, { ranks, stageToRank }: Placement, microBatches: number): Action[] {
  const [down, up] = [rank, stageToRank.length - 1 - rank];
  const [above, below] = [ranks - rank - 1, rank + 1];
  const script = new RankScript();
  times(2 * above, () => script.forward(down));
  times(below, () => {
    script.forward(down);
    script.forward(up);
  });
  times(above, () => {
    script.inputBackward(up);
    script.weightBackward();
    script.forward(up);
  });
  steady(script, rank, { down, up, ranks, pairs: microBatches - 2 * ranks + below });
  times(above, () => {
    script.backward(up);
    script.overlap(up, down);
  });
  // The second half of the last backwards is in halves: their weights fill the drain.
  const inHalves = drain(script, rank, { down, up, below });
  times(above, () => {
    script.weightBackward();
    if (inHalves) script.inputBackward(down);
    else script.backward(down);
  });
  times(below, () => script.weightBackward());
  return script.actions;
}

interface Steady {
  readonly down: number;
  readonly up: number;
  readonly ranks: number;
  readonly pairs: number;
}

function steady(script: RankScript, rank: number, { down, up, ranks, pairs }: Steady): void {
  for (let k = 0; k < pairs; k++) {
    // On the rank of the turn the first pair would make the forward wait: it goes ahead by itself.
    if (k === 0 && rank === ranks - 1) {
      script.forward(down);
      script.backward(up);
    } else {
      script.overlap(down, up);
    }
    script.overlap(up, down);
  }
}

function drain(
  script: RankScript,
  rank: number,
  { down, up, below }: { readonly down: number; readonly up: number; readonly below: number },
): boolean {
  const half = Math.floor(below / 2);
  let inHalves = false;
  const backward = (stage: number): void => (inHalves ? script.inputBackward(stage) : script.backward(stage));
  for (let k = 0; k < below; k++) {
    if (k === half && rank % 2 === 1) inHalves = true;
    backward(up);
    if (k === half && rank % 2 === 0) inHalves = true;
    backward(down);
  }
  return inHalves;
}
