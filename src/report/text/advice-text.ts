import pc from 'picocolors';
import type { Advice } from '../../planning/memory-advice.js';
import { bytes, signedPercent } from '../../../ipu-config/base/format.js';

/** What would make a run fit, best first. */
export function adviceText(advice: readonly Omit<Advice, 'set'>[]): string {
  if (advice.length === 0) return 'No single knob helps: use more IPUs for a replica.';
  const lines = advice.map(({ change, bytesSaved, fits, throughputChange }) => {
    const speed = `${signedPercent(throughputChange)} throughput`;
    const verdict = fits ? pc.green('fits') : 'still too much';
    return `  ${change}: saves ${bytes(bytesSaved)} on the fullest IPU, ${speed}, ${verdict}`;
  });
  return [pc.bold('To make it fit, each change tried by itself'), ...lines].join('\n');
}
