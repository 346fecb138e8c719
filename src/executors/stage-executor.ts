import type { DeviceTransfers } from '../../pipeline/runtime/rank/stage.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { BertConfig, BertSlice } from '../models/bert/bert-config.js';
import type { WeightSource } from '../weights/weights.js';

/**
 * Computes one slice of a BERT model.
 *
 * With an embedding the inputs are `input_ids`, `attention_mask`, `token_type_ids`, int32 `[batch, sequence]`;
 * without, `hidden_state` float32 `[batch, sequence, hidden]` and `attention_mask`. The outputs are
 * `hidden_state` and `attention_mask` for the next stage, or the head's: `start_logits` and `end_logits`
 * `[batch, sequence]` for question answering, and so on.
 */
export interface StageExecutor {
  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
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

/** A way to compute stages. Preparing (weights, kernels) is apart from running. */
export interface Executor {
  readonly name: string;
  prepare(
    config: BertConfig,
    slice: BertSlice,
    weights: WeightSource,
    options: ExecutorOptions,
  ): Promise<StageExecutor>;
}
