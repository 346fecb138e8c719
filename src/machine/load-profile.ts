import * as v from 'valibot';
import { InputError } from '../../ipu-config/base/errors.js';
import { parseJson } from '../../ipu-config/parse-json.js';
import { fromPython } from '../../ipu-config/python-value.js';
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
  const value: unknown = fromPython(parseJson(text, name).value);
  if (!isProfile(value)) {
    throw new InputError(
      `${name} is no profile of a machine: it has no "format": "${PROFILE_FORMAT}". Make one with ` +
        '`ipu-pipeline profile -o FILE`.',
    );
  }
  const parsed = v.safeParse(PROFILE_SCHEMA, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const found = issue.received === 'undefined' ? 'missing' : issue.received;
    throw new InputError(
      `${name}: ${v.getDotPath(issue) ?? 'it'} is ${found}; it must be ${issue.expected ?? 'another'}. ` +
        'Make it again with `ipu-pipeline profile`.',
    );
  }
  checkThreads(parsed.output, name);
  return parsed.output;
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
