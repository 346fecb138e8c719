import { firstMicroBatch, type Action } from './action.js';
import { OPS, type Op } from './op-table.js';
import type { StallCause } from './span.js';

/**
 * What the readiness rule looks at. The validator, the simulator and the runtime each have such a view of their
 * own state; the rule itself stands only here.
 *
 * Link j leads to stage j, from stage j − 1 or (link 0) from the host; link n leads from the last stage to the host.
 */
export interface ReadinessView {
  /** n: stages of the pipeline. */
  readonly stages: number;
  /** The schedule sends from stage j − 1 to stage j by SEND and RECV actions, rather than by itself. */
  communicates(link: number): boolean;
  /** An action of stage `stage` with micro-batch `microBatch` has ended. */
  isDone(op: Op, stage: number, microBatch: number): boolean;
  /** The host has handed over a micro-batch's input. */
  hasInput(microBatch: number): boolean;
  /** A slot of the link is free for an activation on its way forward; always true where nothing bounds it. */
  hasFreeSlot(link: number): boolean;
  /** The same for gradients on their way back over link j, from stage j to stage j − 1. */
  hasFreeGradientSlot(link: number): boolean;
  /** Micro-batches between the start of stage 0 and the end of the last stage. */
  readonly inFlight: number;
  readonly inFlightLimit: number;
  /** What an ended action sent has not arrived yet; absent where a transfer takes no time of its own. */
  isUnderWay?(op: Op, stage: number, microBatch: number): boolean;
  /** m: micro-batches of the schedule; absent where rows are known to be right, so that order alone is enough. */
  readonly microBatchCount?: number;
  /** Micro-batches of one call, where there are several calls. */
  readonly callSize?: number;
}

/** Why an action cannot run yet. */
export interface Wait {
  readonly cause: StallCause;
  /** The action that has to end first; absent when it waits for a slot, the host or the limit. */
  readonly action?: Action;
  /** The link whose slots are all taken. */
  readonly link?: number;
}

type Rule = (action: Action, view: ReadinessView) => Wait | undefined;

/** When may an action run? One rule for each op: an op without a rule does not compile. */
const RULES = {
  F: (action, view) => enters(action, view) ?? arrived(action, view) ?? slotAfterForward(action, view),
  B: (action, view) =>
    after('F', action, view) ?? gradientArrived(action, view) ?? slotAfterBackward(action, view),
  I: (action, view) =>
    after('F', action, view) ?? gradientArrived(action, view) ?? slotAfterBackward(action, view),
  W: (action, view) => after('I', action, view),
  SEND_F: (action, view) => after('F', action, view) ?? freeSlot(action.stage + 1, view),
  RECV_F: (action, view) => sent('SEND_F', action.stage - 1, action, view),
  SEND_B: (action, view) => backwardDone(action.stage, action, view) ?? freeGradientSlot(action.stage, view),
  RECV_B: (action, view) => sent('SEND_B', action.stage + 1, action, view),
  UNSHARD: () => undefined,
  RESHARD: () => undefined,
  REDUCE_GRAD: (action, view) => allBackward(action, view),
  UPDATE: (action, view) => allBackward(action, view),
} satisfies Record<Op, Rule>;

/** The rules in the order of `OPS`. */
export const RULE_LIST: readonly Rule[] = OPS.map((op) => RULES[op]);

/** What an action waits for; undefined when it may run. */
export function waitOf(action: Action, view: ReadinessView): Wait | undefined {
  return RULES[action.op](action, view);
}

function enters({ stage, microBatch }: Action, view: ReadinessView): Wait | undefined {
  if (stage !== 0) return undefined;
  if (!view.hasInput(microBatch)) return { cause: 'host-input' };
  return view.inFlight >= view.inFlightLimit ? { cause: 'in-flight-limit' } : undefined;
}

function arrived(action: Action, view: ReadinessView): Wait | undefined {
  const { stage } = action;
  if (stage === 0) return undefined;
  if (view.communicates(stage)) return received('RECV_F', 'SEND_F', stage - 1, action, view);
  return sent('F', stage - 1, action, view);
}

function slotAfterForward({ stage }: Action, view: ReadinessView): Wait | undefined {
  const link = stage + 1;
  return link < view.stages && view.communicates(link) ? undefined : freeSlot(link, view);
}

function gradientArrived(action: Action, view: ReadinessView): Wait | undefined {
  const { stage } = action;
  if (stage === view.stages - 1) return undefined;
  if (view.communicates(stage + 1)) return received('RECV_B', 'SEND_B', stage + 1, action, view);
  return backwardDone(stage + 1, action, view) ?? backwardArrived(stage + 1, action, view);
}

/** An explicit receive has ended; while the transfer is under way, the exchange is to blame. */
function received(op: Op, send: Op, from: number, action: Action, view: ReadinessView): Wait | undefined {
  const wait = doneAt(op, action.stage, action, view);
  if (wait === undefined || !view.isUnderWay?.(send, from, action.microBatch)) return wait;
  return { ...wait, cause: 'exchange' };
}

function sent(op: Op, stage: number, action: Action, view: ReadinessView): Wait | undefined {
  return doneAt(op, stage, action, view) ?? landed(op, stage, action, view);
}

function landed(op: Op, stage: number, { microBatch }: Action, view: ReadinessView): Wait | undefined {
  if (!view.isUnderWay?.(op, stage, microBatch)) return undefined;
  return { cause: 'exchange', action: { stage, op, microBatch } };
}

function backwardArrived(stage: number, action: Action, view: ReadinessView): Wait | undefined {
  return landed('B', stage, action, view) ?? landed('I', stage, action, view);
}

function slotAfterBackward({ stage }: Action, view: ReadinessView): Wait | undefined {
  return stage === 0 || view.communicates(stage) ? undefined : freeGradientSlot(stage, view);
}

/** The gradient of a stage's input comes from a whole backward or from its input half. */
function backwardDone(stage: number, { microBatch }: Action, view: ReadinessView): Wait | undefined {
  if (view.isDone('B', stage, microBatch) || view.isDone('I', stage, microBatch)) return undefined;
  return { cause: 'upstream', action: { stage, op: 'B', microBatch } };
}

/** Gradients of the weights are complete after the backward of every micro-batch of the call. */
function allBackward(action: Action, view: ReadinessView): Wait | undefined {
  const { stage } = action;
  const { microBatchCount = 0, callSize = microBatchCount } = view;
  const first = firstMicroBatch(action, callSize);
  for (let microBatch = first; microBatch < Math.min(first + callSize, microBatchCount); microBatch++) {
    if (view.isDone('B', stage, microBatch) || view.isDone('W', stage, microBatch)) continue;
    return { cause: 'upstream', action: { stage, op: 'B', microBatch } };
  }
  return undefined;
}

function after(op: Op, action: Action, view: ReadinessView): Wait | undefined {
  return doneAt(op, action.stage, action, view);
}

function doneAt(op: Op, stage: number, { microBatch }: Action, view: ReadinessView): Wait | undefined {
  if (view.isDone(op, stage, microBatch)) return undefined;
  return { cause: 'upstream', action: { stage, op, microBatch } };
}

function freeSlot(link: number, view: ReadinessView): Wait | undefined {
  if (view.hasFreeSlot(link)) return undefined;
  return { cause: link === view.stages ? 'host-output' : 'downstream', link };
}

function freeGradientSlot(link: number, view: ReadinessView): Wait | undefined {
  return view.hasFreeGradientSlot(link) ? undefined : { cause: 'downstream', link };
}
