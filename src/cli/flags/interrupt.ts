import { InputError } from '../../../ipu-config/base/errors.js';

/**
 * A signal that Ctrl-C and SIGTERM abort, so that threads end in order and files are closed. A second Ctrl-C ends
 * the process at once.
 */
export function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort(new InputError(`stopped by ${name}`)));
  }
  return controller.signal;
}
