import type { Span } from '../../pipeline/span.js';
import { median } from './statistics.js';

/** The spans of each probe of a run in which more of them computed than there are cores. */
export type SharedRound = readonly (readonly Span[])[];

/**
 * Share of the cores' time that is left for work when more threads compute than there are cores. Single actions tell
 * little, since some threads have a core to themselves for a while: it is all the work that was done while all
 * computed, against what so many cores do in that time. The median over rounds, at most 1.
 * @param workNs of an action of a stage when there are as many threads as cores
 */
export function sharingEfficiency(
  rounds: readonly SharedRound[],
  cores: number,
  workNs: (stage: number) => number,
): number {
  const shares = rounds.map((probes) => {
    const actions = probes.map((spans) => spans.filter(({ kind }) => kind === 'action'));
    const from = Math.max(...actions.map((spans) => spans[0]!.startNs));
    const until = Math.min(...actions.map((spans) => spans.at(-1)!.endNs));
    const done = actions.flat().reduce((sum, { startNs, endNs, stage }) => {
      const ns = Math.max(0, Math.min(endNs, until) - Math.max(startNs, from));
      return sum + (ns / Math.max(1, endNs - startNs)) * workNs(stage!);
    }, 0);
    return done / (Math.max(1, until - from) * cores);
  });
  return Math.min(1, median(shares));
}
