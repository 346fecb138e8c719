import type { Op } from './op-table.js';

export type { Op };

/**
 * Micro-batch of an action that is of the whole stage (`UNSHARD`, `REDUCE_GRAD`, `UPDATE`, …); in call c of a stream it
 * is `WHOLE_STAGE − c`.
 */
export const WHOLE_STAGE = -1;

/** One action of a schedule: stage `j` does `op` with micro-batch `i`; printed as `2F0`. */
export interface Action {
  readonly stage: number;
  readonly op: Op;
  /** `WHOLE_STAGE` where the op is of no micro-batch. */
  readonly microBatch: number;
  /** It runs at the same time as the action after it in its cell: torch's `OVERLAP_F_B`. */
  readonly overlapsNext?: true;
}

/** The first micro-batch that must be there for the action: its own, or the first of the call that it is of. */
export function firstMicroBatch({ microBatch }: Action, callSize: number): number {
  return microBatch < 0 ? (WHOLE_STAGE - microBatch) * callSize : microBatch;
}

export function isSame(a: Action, b: Action): boolean {
  return a.op === b.op && a.stage === b.stage && a.microBatch === b.microBatch;
}
