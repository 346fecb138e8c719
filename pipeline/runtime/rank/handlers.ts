import type { Tensor } from '../../../ipu-config/base/tensor.js';
import type { Op } from '../../schedule/op-table.js';
import type { Pass, Stage, TrainingStep } from './stage.js';

/** What an action does with a micro-batch at its stage. */
export interface Work {
  readonly stage: Stage;
  readonly pass: Pass;
  /** What lies in the slot that the action reads or, for a send, what was kept for it. */
  readonly inputs: readonly Tensor[];
  readonly step: () => TrainingStep;
}

/** Gives what is handed on to the neighbour, if something is. */
export type Handler = (work: Work) => unknown;

const nothing: Handler = () => undefined;

/** What each op does: an op without a handler does not compile. Slots, stash and times are the loop's. */
export const HANDLERS = {
  F: ({ stage, inputs, pass }) => stage.forward(inputs, pass),
  B: ({ stage, inputs, pass }) => stage.backward?.(inputs, pass),
  I: ({ stage, inputs, pass }) => stage.backwardInput?.(inputs, pass),
  W: ({ stage, pass }) => stage.backwardWeights?.(pass),
  SEND_F: ({ inputs }) => inputs,
  SEND_B: ({ inputs }) => inputs,
  // It has arrived, or the rule would not let this begin. It stays in its slot until it is used.
  RECV_F: nothing,
  RECV_B: nothing,
  // A stage has its weights whole, and gradients of one replica are their own sum.
  UNSHARD: nothing,
  RESHARD: nothing,
  REDUCE_GRAD: nothing,
  UPDATE: ({ stage, step }) => stage.update?.(step()),
} satisfies Record<Op, Handler>;
