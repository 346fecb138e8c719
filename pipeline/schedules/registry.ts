import { InputError } from '../../ipu-config/errors.js';
import type { Schedule, ScheduleGenerator, ScheduleSize } from '../schedule.js';
import { dualPipeV } from './dualpipe-v.js';
import { fillDrain } from './fill-drain.js';
import { gpipe } from './gpipe.js';
import { interleavedOneFOneB } from './interleaved-one-f-one-b.js';
import { loopedBfs } from './looped-bfs.js';
import { oneFOneB } from './one-f-one-b.js';
import { inLine } from './placement.js';
import { popartSchedule } from './popart.js';
import { sequential } from './sequential.js';
import { tfGrouped, tfInterleaved, tfSequential } from './tensorflow.js';
import { interleavedZeroBubble, zb1p } from './zero-bubble.js';
import { zbv } from './zbv.js';

const INFERENCE: Readonly<Record<string, ScheduleGenerator>> = {
  'fill-drain': fillDrain,
  sequential,
};

const TRAINING: Readonly<Record<string, ScheduleGenerator>> = {
  gpipe,
  '1f1b': oneFOneB,
  'interleaved-1f1b': interleavedOneFOneB,
  'looped-bfs': loopedBfs,
  zb1p,
  'interleaved-zb': interleavedZeroBubble,
  zbv,
  dualpipev: dualPipeV,
  popart: popartTraining,
  'tf-grouped': tfGrouped,
  'tf-interleaved': tfInterleaved,
  'tf-sequential': tfSequential,
};

/** What torch.distributed.pipelining's get_schedule_class calls them, in small letters. */
const TORCH_NAMES: Readonly<Record<string, string>> = {
  interleaved1f1b: 'interleaved-1f1b',
  loopedbfs: 'looped-bfs',
  interleavedzerobubble: 'interleaved-zb',
  zbvzerobubble: 'zbv',
};

/** Names of the schedules that a pipeline of stages can be run with: those of inference. */
export const SCHEDULE_NAMES: readonly string[] = Object.keys(INFERENCE);

/** Names of the schedules with a backward pass: to be looked at and simulated. */
export const TRAINING_SCHEDULE_NAMES: readonly string[] = Object.keys(TRAINING);

/**
 * The generator of a schedule, by its name here or, in any case, by torch's.
 * @throws InputError that lists the names there are
 */
export function scheduleByName(name: string): ScheduleGenerator {
  const key = name.toLowerCase();
  const own = TORCH_NAMES[key] ?? key;
  const all = { ...INFERENCE, ...TRAINING };
  if (Object.hasOwn(all, own)) return all[own]!;
  throw new InputError(
    `there is no schedule "${name}"; there are ${Object.keys(all).join(', ')}, and .csv files.`,
  );
}

function popartTraining(size: ScheduleSize): Schedule {
  inLine('popart', size);
  const [needed, depth] = [2 * size.stages - 1, size.microBatches];
  if (depth < needed) {
    throw new InputError(
      `popart needs at least 2n − 1 = ${needed} micro-batches to fill a pipeline of ${size.stages} stages; ${depth} ` +
        'are too few.',
    );
  }
  return popartSchedule({ forwardStages: size.stages, depth, training: true });
}
