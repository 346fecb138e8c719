import { WHOLE_STAGE, type Action } from './action.js';
import { linkRead } from './op-table.js';
import type { Schedule } from './schedule.js';
import { truncate } from './truncate.js';

/** A rank's actions of one call, in their order. */
export interface CallRow {
  readonly actions: readonly Action[];
  /** m: micro-batches of one call. */
  readonly callSize: number;
}

/**
 * A stream of inputs: one call of the schedule after another, micro-batches counted on, until there are `microBatches`.
 * What lies beyond them in the last call is cut. Nothing waits for the end of a call.
 *
 *     0F0,0F1,    →   0F0,0F1,,0F2      for 3 micro-batches
 *     ,1F0,1F1        ,1F0,1F1,,1F2
 */
export function streamed(schedule: Schedule, microBatches: number): Schedule {
  const { ranks, microBatches: callSize } = schedule;
  const calls = Math.ceil(microBatches / callSize);
  const cycles = Math.max(...ranks.map((cells) => cells.length));
  const endless = ranks.map((cells) =>
    Array.from({ length: calls * cycles }, (_, k) => {
      const call = Math.floor(k / cycles);
      return (cells[k % cycles] ?? []).map((action) => inCall(action, call, callSize));
    }),
  );
  const { csv: _, ...rest } = schedule;
  return truncate({ ...rest, callSize, microBatches: calls * callSize, ranks: endless }, microBatches);
}

/**
 * The action at place `at` of a rank's endless row (its calls one after another), or the first one after it that the
 * end of the input leaves. A whole cursor is thus one number.
 * @param total micro-batches of the stream; Infinity while nobody knows
 * @returns undefined at the end of the stream
 */
export function nextInStream(
  { actions, callSize }: CallRow,
  at: number,
  total: number,
): { readonly at: number; readonly action: Action } | undefined {
  if (actions.length === 0) return undefined;
  for (let next = at; ; next++) {
    const call = Math.floor(next / actions.length);
    if (call * callSize >= total) return undefined;
    const action = inCall(actions[next % actions.length]!, call, callSize);
    if (action.microBatch < total) return { at: next, action };
  }
}

/** What takes the host's inputs, in the order in which it does: with `nextInStream`, the order of a stream's inputs. */
export function inputRow({ ranks, microBatches }: Schedule): CallRow {
  const actions = ranks.flatMap((cells) => cells.flat().filter(({ op, stage }) => linkRead(op, stage) === 0));
  return { actions, callSize: microBatches };
}

function inCall(action: Action, call: number, callSize: number): Action {
  const { microBatch } = action;
  return { ...action, microBatch: microBatch < 0 ? WHOLE_STAGE - call : microBatch + call * callSize };
}
