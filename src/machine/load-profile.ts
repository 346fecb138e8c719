import { checkedBy } from '../../ipu-config/base/checked.js';
import { InputError } from '../../ipu-config/base/errors.js';
import { parseJson } from '../../ipu-config/base/json-text.js';
import { PROFILE_FORMAT, PROFILE_SCHEMA, type MachineProfile } from './machine-profile.js';

/** Is this JSON the profile of a machine, right or wrong in its details? */
export function isProfile(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === PROFILE_FORMAT;
}

/**
 * Reads the profile of a machine.
 * @param name how errors call it, a file's path say
 * @throws InputError naming the field, what it is and what it must be
 */
export function loadProfile(text: string, name = 'the profile'): MachineProfile {
  const value = parseJson(name, text, InputError);
  if (!isProfile(value)) {
    throw new InputError(
      `${name} is no profile of a machine: it has no "format": "${PROFILE_FORMAT}". Make one with ` +
        '`ipu-pipeline profile -o FILE`.',
    );
  }
  const profile = checkedBy(PROFILE_SCHEMA, value, name, 'Make it again with `ipu-pipeline profile`.');
  checkThreads(profile, name);
  return profile;
}

/** Factors are looked up by threads, from one thread on. */
function checkThreads({ models }: MachineProfile, name: string): void {
  models.forEach((model, m) => {
    for (const field of ['contention', 'stageThreads'] as const) {
      model[field].forEach(({ threads }, at) => {
        const before = at === 0 ? 0 : model[field][at - 1]!.threads;
        if (at === 0 ? threads === 1 : threads > before) return;
        const wanted = at === 0 ? '1' : `more than ${before}, the one before it`;
        throw new InputError(
          `${name}: models.${m}.${field}.${at}.threads is ${threads}; it must be ${wanted}.`,
        );
      });
    }
  });
}
