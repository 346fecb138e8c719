import { InputError } from '../../ipu-config/errors.js';
import type { ScheduleGenerator } from '../schedule.js';
import { fillDrain } from './fill-drain.js';
import { sequential } from './sequential.js';

const GENERATORS: Readonly<Record<string, ScheduleGenerator>> = {
  'fill-drain': fillDrain,
  sequential,
};

/** Names of the schedules that a pipeline of stages can be run with. */
export const SCHEDULE_NAMES: readonly string[] = Object.keys(GENERATORS);

/** @throws InputError that lists the names there are */
export function scheduleByName(name: string): ScheduleGenerator {
  const found = GENERATORS[name];
  if (found) return found;
  throw new InputError(`there is no schedule "${name}"; there are ${SCHEDULE_NAMES.join(', ')}.`);
}
