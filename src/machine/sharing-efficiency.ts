import type { Span } from '../../pipeline/schedule/span.js';
import { leastDisturbed } from './other-load.js';
import { median } from './statistics.js';

/** The spans of each probe of a run in which more of them computed than there are cores. */
export interface SharedRound {
  readonly runs: readonly (readonly Span[])[];
  /** Share of the cores' time that other processes took meanwhile. */
  readonly otherLoad: number;
}

/**
 * Share of the cores' time that is left for work when more threads compute than there are cores. Single actions tell
 * little, since some threads have a core to themselves for a while: it is all the work that was done while all
 * computed, against what so many cores do in that time. The median over the rounds that others disturbed least, at
 * most 1; undefined when the probes never computed all at once.
 * @param workNs of an action of a stage when there are as many threads as cores
 */
export function sharingEfficiency(
  rounds: readonly SharedRound[],
  cores: number,
  workNs: (stage: number) => number,
): number | undefined {
  const shares = leastDisturbed(rounds).flatMap(({ runs }) => {
    const actions = runs.map((spans) => spans.filter(({ kind }) => kind === 'action'));
    const from = Math.max(...actions.map((spans) => spans[0]!.startNs));
    const until = Math.min(...actions.map((spans) => spans.at(-1)!.endNs));
    if (until <= from) return [];
    const done = actions.flat().reduce((sum, { startNs, endNs, stage }) => {
      const ns = Math.max(0, Math.min(endNs, until) - Math.max(startNs, from));
      return sum + (ns / Math.max(1, endNs - startNs)) * workNs(stage!);
    }, 0);
    return done > 0 ? [done / ((until - from) * cores)] : [];
  });
  return shares.length === 0 ? undefined : Math.min(1, median(shares));
}
