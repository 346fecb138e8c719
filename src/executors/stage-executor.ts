import type { DeviceTransfers } from '../../pipeline/runtime/rank/stage.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { Program } from '../models/program.js';
import type { WeightSource } from '../weights/weights.js';

/** Computes one program; its inputs and outputs are those that the program declares. */
export interface StageExecutor {
  /** @throws InputError that names the tensor when the inputs are not those of the program */
  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
  /**
   * The way back through the same program, for executors that can train: gradients of the outputs of the last `run`
   * to those of its float32 inputs, by their names; gradients of weights are added to what the stage keeps. None has
   * it yet.
   */
  backward?(gradients: readonly Tensor[]): Promise<readonly Tensor[]>;
  readonly weightBytes: number;
  /** How often numbers were uploaded to a device and read back from it so far; absent where there is no device. */
  readonly transfers?: DeviceTransfers;
  dispose(): Promise<void>;
}

export interface ExecutorOptions {
  /** Threads inside this stage; 1 unless asked. */
  readonly threads: number;
  /** Called with the share of weights that are loaded, 0 … 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Called after each kernel by executors that have kernels, which then wait for each of them. */
  readonly onKernel?: (kernel: { readonly name: string; readonly family: string }, elapsedNs: number) => void;
}

/** A way to compute programs. Preparing (weights, kernels) is apart from running. */
export interface Executor {
  readonly name: string;
  prepare(program: Program, weights: WeightSource, options: ExecutorOptions): Promise<StageExecutor>;
}
