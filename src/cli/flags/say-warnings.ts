import type { Warning } from '../../../ipu-config/base/warning.js';

/** On stderr, where no program reads results. */
export function sayWarnings(warnings: readonly Warning[]): void {
  for (const { text } of warnings) process.stderr.write(`warning: ${text}\n`);
}
