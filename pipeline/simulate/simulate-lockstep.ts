import type { Action } from '../schedule/action.js';
import { ScheduleError } from '../schedule/errors.js';
import type { RankRow } from '../schedule/rank-rows.js';
import { RankTiler, type RankTotals } from '../schedule/rank-tiler.js';
import type { Schedule } from '../schedule/schedule.js';
import type { Phase, Span } from '../schedule/span.js';
import { lockstepRows } from './lockstep-rows.js';

/** Work that comes before an action, on the same rank: a forward pass again, say. */
export interface Prelude {
  readonly phase: Phase;
  readonly ns: number;
}

/** Work of all ranks together, between the actions of two cycles or after the last one. */
export interface CommonPhase {
  readonly phase: Phase;
  readonly ns: number;
}

export interface LockstepOptions {
  /** Whole nanoseconds that an action takes, without its prelude. */
  readonly costNs: (action: Action) => number;
  readonly prelude?: (action: Action) => Prelude | undefined;
  /** Before the actions of each cycle: inputs come in. */
  readonly beforeCycle?: readonly CommonPhase[];
  /** After the actions of each cycle: results go out, activations go to the next stage. */
  readonly afterCycle?: readonly CommonPhase[];
  /** Once all cycles are through: collectives, weight update. */
  readonly afterAll?: readonly CommonPhase[];
  readonly onSpan?: (span: Span) => void;
}

export interface LockstepRun {
  readonly makespanNs: number;
  /** From the beginning of a cycle to the beginning of the next, in order. */
  readonly cycleNs: readonly number[];
  /** `upstream`: nothing to do in a cycle; `sync`: waiting for the cycle's slowest rank. */
  readonly ranks: readonly RankTotals[];
}

/**
 * Runs a schedule in lockstep cycles, as PopART runs a pipeline: inputs stream in, the stages that take part
 * compute (those on one rank one after another), results stream out, activations are copied, and the next cycle
 * begins. A cycle lasts as long as its slowest rank; cycles are added up one by one, ramps too. What an action needs
 * must be done in a cycle before or, on its own rank, before it in the cycle: the readiness rule is asked cell by cell.
 * Source: popart d2f20d7, docs/notes/transforms/pipelining.md.
 * @throws ScheduleError when the schedule is wrong or its cells come too early, or a cost is no whole number of
 *   nanoseconds
 */
export function simulateLockstep(schedule: Schedule, options: LockstepOptions): LockstepRun {
  const run = new Lockstep(schedule, options);
  const cycles = Math.max(0, ...schedule.ranks.map((cells) => cells.length));
  const cycleNs: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    const start = run.now;
    for (const phase of options.beforeCycle ?? []) run.common(phase);
    run.compute(cycle);
    for (const phase of options.afterCycle ?? []) run.common(phase);
    cycleNs.push(run.now - start);
  }
  for (const phase of options.afterAll ?? []) run.common(phase);
  return { makespanNs: run.now, cycleNs, ranks: run.ranks.map(({ tiler }) => tiler.totals()) };
}

interface LockstepRank {
  readonly row: RankRow;
  readonly tiler: RankTiler;
  /** Next action. */
  at: number;
}

class Lockstep {
  now = 0;
  readonly ranks: readonly LockstepRank[];
  readonly #options: LockstepOptions;

  constructor(schedule: Schedule, options: LockstepOptions) {
    this.#options = options;
    this.ranks = lockstepRows(schedule).map((row, rank) => ({
      row,
      tiler: new RankTiler({ rank, onSpan: options.onSpan }),
      at: 0,
    }));
  }

  common({ phase, ns }: CommonPhase): void {
    this.now += wholeNs(phase, ns);
    for (const { tiler } of this.ranks) tiler.phase(this.now, phase);
  }

  compute(cycle: number): void {
    const { ranks, now } = this;
    let end = now;
    for (const each of ranks) {
      const { actions, cycles } = each.row;
      let endNs = now;
      for (; each.at < actions.length && cycles[each.at] === cycle; each.at++) {
        endNs = this.#act(each.tiler, actions[each.at]!, endNs);
      }
      if (endNs > end) end = endNs;
    }
    for (const { row, at, tiler } of ranks) {
      const worked = at > 0 && row.cycles[at - 1] === cycle;
      tiler.stall(end, worked ? 'sync' : 'upstream');
    }
    this.now = end;
  }

  /** @returns when the action has ended */
  #act(tiler: RankTiler, action: Action, startNs: number): number {
    const prelude = this.#options.prelude?.(action);
    const beforeNs = prelude ? wholeNs(prelude.phase, prelude.ns) : 0;
    if (prelude) tiler.phase(startNs + beforeNs, prelude.phase, action);
    const endNs = startNs + beforeNs + wholeNs(action.op, this.#options.costNs(action));
    tiler.action(endNs, action);
    return endNs;
  }
}

function wholeNs(what: string, ns: number): number {
  if (Number.isSafeInteger(ns) && ns >= 0) return ns;
  throw new ScheduleError(`the cost of ${what} is ${ns}; give a whole number of nanoseconds from 0.`);
}
