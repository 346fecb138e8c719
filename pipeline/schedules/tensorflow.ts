import { InputError } from '../../ipu-config/base/errors.js';
import type { Action, Op } from '../schedule/action.js';
import type { Schedule, ScheduleSize } from '../schedule/schedule.js';
import { inLine } from './placement.js';

/**
 * The training schedules of Graphcore's TensorFlow (PipelineSchedule in tensorflow/python/ipu/ops/pipelining_ops.py;
 * pipeline_visitor.cc ramps them up and down). All stages move in lockstep, one column of the grid at a time.
 */

/**
 * Grouped: forward stages run beside forward stages, backward beside backward. The fastest, since stages of one
 * column take about the same time; stage j keeps 2(n − 1 − j) activations waiting besides the one at work.
 *
 *     n = 2, m = 4      cycle  0   1   2   3   4   5   6   7   8   9  10  11
 *                      rank 0 0F0  ·  0F1  ·  0F2 0B0 0F3 0B1  ·  0B2  ·  0B3
 *                      rank 1  ·   ·  1F0 1B0 1F1 1B1 1F2 1B2 1F3 1B3  ·   ·
 *
 * @throws InputError unless the micro-batches are a multiple of 2n, as its repeat loop needs
 */
export function tfGrouped(size: ScheduleSize): Schedule {
  checkMultiple('tf-grouped', size, 2 * size.stages);
  const last = size.stages - 1;
  return inColumns('tf-grouped', size, {
    F: (j, i) => 2 * (i + j),
    B: (j, i) => 2 * (i + 2 * last - j) + 1,
  });
}

/**
 * Interleaved: a stage's forward runs beside its neighbour's backward. Fewer activations, n − 1 − j waiting at
 * stage j; slower in lockstep, because each column takes as long as a backward. The order is that of 1F1B.
 *
 *     n = 2, m = 4      cycle  0   1   2   3   4   5   6   7   8   9
 *                      rank 0 0F0  ·  0F1 0B0 0F2 0B1 0F3 0B2  ·  0B3
 *                      rank 1  ·  1F0 1B0 1F1 1B1 1F2 1B2 1F3 1B3  ·
 *
 * @throws InputError unless the micro-batches are a multiple of n
 */
export function tfInterleaved(size: ScheduleSize): Schedule {
  checkMultiple('tf-interleaved', size, size.stages);
  return inColumns('tf-interleaved', size, {
    F: (j, i) => 2 * i + j,
    B: (j, i) => 2 * i + 2 * size.stages - 1 - j,
  });
}

/**
 * Sequential: one stage at a time, one micro-batch at a time; nothing waits anywhere. For debugging.
 *
 *     n = 2, m = 2      cycle  0   1   2   3   4   5   6   7
 *                      rank 0 0F0  ·   ·  0B0 0F1  ·   ·  0B1
 *                      rank 1  ·  1F0 1B0  ·   ·  1F1 1B1  ·
 */
export function tfSequential(size: ScheduleSize): Schedule {
  const length = 2 * size.stages;
  const schedule = inColumns('tf-sequential', size, {
    F: (j, i) => length * i + j,
    B: (j, i) => length * (i + 1) - 1 - j,
  });
  return { ...schedule, inFlightLimit: 1 };
}

function checkMultiple(name: string, { stages, microBatches }: ScheduleSize, of: number): void {
  if (microBatches % of === 0) return;
  throw new InputError(
    `${name} of ${stages} stages needs a multiple of ${of} micro-batches; ${microBatches} is none.`,
  );
}

type Column = (stage: number, microBatch: number) => number;

function inColumns(name: string, size: ScheduleSize, columns: Readonly<Record<'F' | 'B', Column>>): Schedule {
  const { stageToRank } = inLine(name, size);
  const { stages, microBatches } = size;
  const cycles = 1 + Math.max(columns.B(0, microBatches - 1), columns.F(stages - 1, microBatches - 1));
  const ranks = stageToRank.map(() => Array.from({ length: cycles }, (): Action[] => []));
  for (const op of ['F', 'B'] satisfies Op[]) {
    for (let stage = 0; stage < stages; stage++) {
      for (let microBatch = 0; microBatch < microBatches; microBatch++) {
        ranks[stage]![columns[op](stage, microBatch)]!.push({ stage, op, microBatch });
      }
    }
  }
  return { name, stages, microBatches, stageToRank, ranks };
}
