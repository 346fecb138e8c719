import type { Tensor } from '../../ipu-config/base/tensor.js';

export interface Transfers {
  readonly uploads: number;
  readonly readbacks: number;
}

/**
 * A loaded stage: it owns its weights and lives in one place (a worker thread, or the caller's thread in the
 * in-process runtime).
 */
export interface Stage {
  /**
   * Runs one forward action. Inputs may be views on shared memory: they are valid only until the returned
   * promise settles, and must not be kept or returned. The same inputs give the same bits.
   */
  forward(inputs: readonly Tensor[]): Promise<readonly Tensor[]> | readonly Tensor[];
  /** Bytes of weights this stage holds; undefined when it does not know. */
  readonly weightBytes?: number;
  /**
   * How often numbers were uploaded to a device and read back from it since the stage was made; absent where it has
   * no device. Looked at before and after an action of an observed run.
   */
  readonly transfers?: Transfers | undefined;
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
}
