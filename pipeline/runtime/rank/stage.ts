import type { Tensor } from '../../../ipu-config/base/tensor.js';
import type { Op } from '../../schedule/op-table.js';

export interface DeviceTransfers {
  readonly uploads: number;
  readonly readbacks: number;
}

/** One micro-batch at one stage, from its forward to the last of its backward. */
export interface Pass {
  /** The replica's own number of it. */
  readonly microBatch: number;
  /** A backward follows. */
  readonly trains: boolean;
  /**
   * What the stage keeps of it from one action to the next, in memory of its own: forward puts here what the backward
   * needs, the input half of a backward what the weight half needs. The runtime holds it until the last of them ends.
   */
  stash?: unknown;
}

/** The end of a step: gradients of all its micro-batches are there. */
export interface TrainingStep {
  /** From 0. */
  readonly step: number;
  /** Fewer than a whole call where the input ended within it. */
  readonly microBatches: number;
}

type Outputs = Promise<readonly Tensor[]> | readonly Tensor[];

/**
 * A loaded stage: it owns its weights and lives in one place (a worker thread, or the caller's thread in the
 * in-process runtime). Tensors that it is given may be views on shared memory: they are valid only until the returned
 * promise settles, and must not be kept or returned. The same inputs give the same bits.
 */
export interface Stage {
  forward(inputs: readonly Tensor[], pass: Pass): Outputs;
  /**
   * The whole backward: adds to the gradients of the weights.
   * @param gradients of what forward returned; none at the last stage, which has the loss
   * @returns the gradients of the inputs; stage 0's are not used
   */
  backward?(gradients: readonly Tensor[], pass: Pass): Outputs;
  /** The input half of a backward. */
  backwardInput?(gradients: readonly Tensor[], pass: Pass): Outputs;
  /** The weight half, some time after the input half. */
  backwardWeights?(pass: Pass): Promise<void> | void;
  /** Changes the weights by the sums of their gradients, which begin at zero again; absent: it has none to change. */
  update?(step: TrainingStep): Promise<void> | void;
  /** A run with a backward begins: gradients of a step that was broken off are not to be part of the next. */
  forget?(): Promise<void> | void;
  /** Bytes of weights this stage holds; undefined when it does not know. */
  readonly weightBytes?: number;
  /**
   * How often numbers were uploaded to a device and read back from it since the stage was made; absent where it has
   * no device. Looked at before and after an action of an observed run.
   */
  readonly transfers?: DeviceTransfers | undefined;
  dispose?(): Promise<void> | void;
}

/** The module a stage worker imports: `export const createStage: CreateStage`. */
export type CreateStage = (init: never, report: (fraction: number) => void) => Promise<Stage>;

/** How to make a stage, in a form that can be posted to a worker. */
export interface StageSpec {
  /** Shown in tables and errors: `Embedding, layers 0–2`. */
  readonly name: string;
  /** The IPU (rank) that the stage sits on; stages of one IPU share its thread. */
  readonly ipu: number;
  /** Encoder layers on this stage, first and one past the last; absent when the pipeline is not of layers. */
  readonly layers?: readonly [number, number];
  /** URL of a module that exports `createStage`. */
  readonly module: string;
  /** Structured-cloneable argument of `createStage`. */
  readonly init: unknown;
  /** Upper bound of one micro-batch's output tensors together, in bytes; sizes the slots of the outgoing link. */
  readonly outputBytes: number;
  /** It has no backward: a schedule with one is refused before anything is loaded. Absent: found out by loading it. */
  readonly forwardOnly?: boolean;
}

/** The methods that ops of a schedule call; the other ops ask nothing of a stage. */
const METHODS: Readonly<Partial<Record<Op, 'forward' | 'backward' | 'backwardInput' | 'backwardWeights'>>> = {
  F: 'forward',
  B: 'backward',
  I: 'backwardInput',
  W: 'backwardWeights',
};

/** The first of the ops for which something that should be a stage has no method. */
export function missingMethod(
  stage: unknown,
  ops: Iterable<Op>,
): { readonly op: Op; readonly method: string } | undefined {
  for (const op of ops) {
    const method = METHODS[op];
    if (method !== undefined && typeof (stage as Partial<Stage> | undefined)?.[method] !== 'function') {
      return { op, method };
    }
  }
  return undefined;
}
