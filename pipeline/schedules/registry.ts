import { InputError } from '../../ipu-config/base/errors.js';
import { short } from '../../ipu-config/base/json-text.js';
import { ScheduleError } from '../schedule/errors.js';
import type { Schedule, ScheduleGenerator, ScheduleSize } from '../schedule/schedule.js';
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

/** Where a schedule puts its stages: one on each rank, several on each in loops, or two on each in a V. */
export type StageLayout = 'line' | 'loops' | 'v';

export interface NamedSchedule {
  readonly name: string;
  readonly generate: ScheduleGenerator;
  readonly layout: StageLayout;
  /** It has a backward pass: it can be looked at and simulated, but not run. */
  readonly isTraining: boolean;
}

/** Passes of a micro-batch through a stage that a schedule is made for: some seconds, and a gigabyte. */
const MOST_PASSES = 2 ** 21;

const named =
  (isTraining: boolean) =>
  (name: string, generate: ScheduleGenerator, layout: StageLayout = 'line'): NamedSchedule => ({
    ...{ name, layout, isTraining },
    generate: (size) => {
      const { stages, microBatches } = size;
      if (stages * microBatches <= MOST_PASSES) return generate(size);
      throw new ScheduleError(
        `${name} with ${stages} stages and ${microBatches} micro-batches has ${stages * microBatches} passes of a ` +
          `micro-batch through a stage: give ${MOST_PASSES} at most.`,
      );
    },
  });

const inference = named(false);
const INFERENCE: readonly NamedSchedule[] = [
  inference('fill-drain', fillDrain),
  inference('sequential', sequential),
];

const training = named(true);

const TRAINING: readonly NamedSchedule[] = [
  training('gpipe', gpipe),
  training('1f1b', oneFOneB),
  training('interleaved-1f1b', interleavedOneFOneB, 'loops'),
  training('looped-bfs', loopedBfs, 'loops'),
  training('zb1p', zb1p),
  training('interleaved-zb', interleavedZeroBubble, 'loops'),
  training('zbv', zbv, 'v'),
  training('dualpipev', dualPipeV, 'v'),
  training('popart', popartTraining),
  training('tf-grouped', tfGrouped),
  training('tf-interleaved', tfInterleaved),
  training('tf-sequential', tfSequential),
];

/** What torch.distributed.pipelining's get_schedule_class calls them, in small letters. */
const TORCH_NAMES: Readonly<Record<string, string>> = {
  interleaved1f1b: 'interleaved-1f1b',
  loopedbfs: 'looped-bfs',
  interleavedzerobubble: 'interleaved-zb',
  zbvzerobubble: 'zbv',
};

/** Names of the schedules that a pipeline of stages can be run with: those of inference. */
export const SCHEDULE_NAMES: readonly string[] = INFERENCE.map(({ name }) => name);

/** All schedules, with those that have a backward pass and can only be looked at and simulated. */
export const SCHEDULES: readonly NamedSchedule[] = [...INFERENCE, ...TRAINING];

/**
 * A schedule by its name here or, in any case, by torch's.
 * @throws InputError that lists the names there are
 */
export function namedSchedule(name: string): NamedSchedule {
  const key = name.toLowerCase();
  const own = Object.hasOwn(TORCH_NAMES, key) ? TORCH_NAMES[key] : key;
  const found = SCHEDULES.find((each) => each.name === own);
  if (found) return found;
  const names = SCHEDULES.map((each) => each.name).join(', ');
  throw new InputError(`there is no schedule "${short(name)}"; there are ${names}, and .csv files.`);
}

/** The generator of a schedule. @throws InputError that lists the names there are */
export function scheduleByName(name: string): ScheduleGenerator {
  return namedSchedule(name).generate;
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
