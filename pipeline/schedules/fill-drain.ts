import type { Schedule, ScheduleSize } from '../schedule/schedule.js';
import { lockstep } from './lockstep.js';

/**
 * Fill, steady state, drain: PopTorch's pipelined execution in inference. Every stage starts a micro-batch in each
 * cycle once it has one.
 *
 *     n = 3, m = 4     cycle   0   1   2   3   4   5
 *                     rank 0  0F0 0F1 0F2 0F3  ·   ·
 *                     rank 1   ·  1F0 1F1 1F2 1F3  ·
 *                     rank 2   ·   ·  2F0 2F1 2F2 2F3
 *                             └ fill ┘└steady┘└ drain ┘
 */
export function fillDrain(size: ScheduleSize): Schedule {
  return lockstep('fill-drain', size);
}
