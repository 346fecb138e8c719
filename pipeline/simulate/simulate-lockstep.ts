import type { Action } from '../schedule/action.js';
import { ScheduleError } from '../schedule/errors.js';
import type { Cell, Schedule } from '../schedule/schedule.js';
import type { Phase, Span, StallCause } from '../schedule/span.js';

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

export interface LockstepRank {
  /** Actions, without their preludes. */
  readonly busyNs: number;
  readonly phaseNs: Readonly<Partial<Record<Phase, number>>>;
  /** `upstream`: nothing to do in a cycle; `sync`: waiting for the cycle's slowest rank. */
  readonly stallNs: Readonly<Partial<Record<StallCause, number>>>;
}

export interface LockstepRun {
  readonly makespanNs: number;
  /** From the beginning of a cycle to the beginning of the next, in order. */
  readonly cycleNs: readonly number[];
  readonly ranks: readonly LockstepRank[];
}

/**
 * Runs a schedule in lockstep cycles, as PopART runs a pipeline: inputs stream in, the stages that take part
 * compute (those on one rank one after another), results stream out, activations are copied, and the next cycle
 * begins. A cycle lasts as long as its slowest rank; cycles are added up one by one, ramps too.
 * Source: popart d2f20d7, docs/notes/transforms/pipelining.md.
 * @throws ScheduleError when a cost is no whole number of nanoseconds
 */
export function simulateLockstep(schedule: Schedule, options: LockstepOptions): LockstepRun {
  const run = new Lockstep(schedule.ranks.length, options);
  const cycles = Math.max(0, ...schedule.ranks.map((cells) => cells.length));
  const cycleNs: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    const start = run.now;
    for (const phase of options.beforeCycle ?? []) run.common(phase);
    run.compute(schedule.ranks.map((cells) => cells[cycle] ?? NOTHING));
    for (const phase of options.afterCycle ?? []) run.common(phase);
    cycleNs.push(run.now - start);
  }
  for (const phase of options.afterAll ?? []) run.common(phase);
  return { makespanNs: run.now, cycleNs, ranks: run.ranks.map((rank) => rank.totals()) };
}

const NOTHING: Cell = [];

class Lockstep {
  now = 0;
  readonly ranks: readonly RankTime[];
  readonly #options: LockstepOptions;

  constructor(ranks: number, options: LockstepOptions) {
    this.#options = options;
    this.ranks = Array.from({ length: ranks }, (_, rank) => new RankTime(rank, options.onSpan));
  }

  common({ phase, ns }: CommonPhase): void {
    wholeNs(phase, ns);
    if (ns === 0) return;
    for (const rank of this.ranks) rank.phase(phase, this.now, this.now + ns);
    this.now += ns;
  }

  compute(cells: readonly Cell[]): void {
    const ends = cells.map((cell, rank) => this.#runCell(cell, this.ranks[rank]!));
    const end = Math.max(this.now, ...ends);
    for (let rank = 0; rank < cells.length; rank++) {
      const cause = cells[rank]!.length === 0 ? 'upstream' : 'sync';
      this.ranks[rank]!.stall(cause, ends[rank]!, end);
    }
    this.now = end;
  }

  #runCell(cell: Cell, rank: RankTime): number {
    let at = this.now;
    for (const action of cell) {
      const prelude = this.#options.prelude?.(action);
      if (prelude && prelude.ns > 0) {
        rank.phase(prelude.phase, at, at + wholeNs(prelude.phase, prelude.ns), action);
        at += prelude.ns;
      }
      const ns = wholeNs(action.op, this.#options.costNs(action));
      rank.action(action, at, at + ns);
      at += ns;
    }
    return at;
  }
}

function wholeNs(what: string, ns: number): number {
  if (Number.isSafeInteger(ns) && ns >= 0) return ns;
  throw new ScheduleError(`the cost of ${what} is ${ns}; give a whole number of nanoseconds from 0.`);
}

class RankTime {
  readonly #rank: number;
  readonly #onSpan: ((span: Span) => void) | undefined;
  readonly #phaseNs: Partial<Record<Phase, number>> = {};
  readonly #stallNs: Partial<Record<StallCause, number>> = {};
  #busyNs = 0;

  constructor(rank: number, onSpan: ((span: Span) => void) | undefined) {
    this.#rank = rank;
    this.#onSpan = onSpan;
  }

  action(action: Action, startNs: number, endNs: number): void {
    this.#busyNs += endNs - startNs;
    const { stage, op, microBatch } = action;
    this.#onSpan?.({ kind: 'action', replica: 0, rank: this.#rank, startNs, endNs, stage, op, microBatch });
  }

  phase(phase: Phase, startNs: number, endNs: number, action?: Action): void {
    this.#phaseNs[phase] = (this.#phaseNs[phase] ?? 0) + endNs - startNs;
    if (this.#onSpan === undefined) return;
    const span = { kind: 'phase', phase, replica: 0, rank: this.#rank, startNs, endNs } as const;
    this.#onSpan(action ? { ...span, ...action } : span);
  }

  stall(cause: StallCause, startNs: number, endNs: number): void {
    if (endNs === startNs) return;
    this.#stallNs[cause] = (this.#stallNs[cause] ?? 0) + endNs - startNs;
    this.#onSpan?.({ kind: 'stall', cause, replica: 0, rank: this.#rank, startNs, endNs });
  }

  totals(): LockstepRank {
    return { busyNs: this.#busyNs, phaseNs: this.#phaseNs, stallNs: this.#stallNs };
  }
}
