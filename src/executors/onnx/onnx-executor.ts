import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { Tensor } from '../../../ipu-config/base/tensor.js';
import type { BertConfig, BertSlice } from '../../models/bert/bert-config.js';
import { sliceTensors, sliceWeightBytes } from '../../models/bert/bert-tensors.js';
import type { WeightSource } from '../../weights/weights.js';
import { checkStageInputs } from '../stage-inputs.js';
import type { Executor, ExecutorOptions, StageExecutor } from '../stage-executor.js';
import { buildBertGraph } from './bert-graph.js';
import { WEIGHTS } from './graph-builder.js';
import { MappedFiles } from './mapped-files.js';
import { WeightMemory } from './weight-memory.js';

type OnnxRuntime = typeof import('onnxruntime-node');

/** ONNX Runtime on the CPU, float32: one graph of fused operators per stage. */
export const onnxExecutor: Executor = {
  name: 'onnx',
  async prepare(
    config: BertConfig,
    slice: BertSlice,
    weights: WeightSource,
    options: ExecutorOptions,
  ): Promise<StageExecutor> {
    const runtime = await loadOnnxRuntime();
    const total = sliceWeightBytes(config, slice);
    let read = 0;
    const files = await MappedFiles.of(weights, sliceTensors(config, slice));
    const memory = files ? undefined : new WeightMemory(total);
    try {
      const onRead = (bytes: number): void => {
        read += bytes;
        options.onProgress?.(total === 0 ? 1 : Math.min(1, read / total));
      };
      const { model, weightBytes } = await buildBertGraph(config, slice, weights, { memory, files, onRead });
      const session = await runtime.InferenceSession.create(model, {
        ...(memory ? { externalData: [{ path: WEIGHTS, data: memory.bytes }] } : {}),
        executionProviders: ['cpu'],
        executionMode: 'sequential',
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        extra: {
          session: {
            // Threads that spin while a stage waits would take the cores that other stages compute on.
            intra_op: { allow_spinning: '0' },
            ...(files ? { model_external_initializers_file_folder_path: files.folder } : {}),
          },
        },
      });
      return new OnnxStage(runtime, session, { config, slice }, weightBytes);
    } finally {
      memory?.free();
    }
  },
};

class OnnxStage implements StageExecutor {
  readonly weightBytes: number;
  readonly #runtime: OnnxRuntime;
  readonly #session: InferenceSession;
  readonly #part: { config: BertConfig; slice: BertSlice };

  constructor(
    runtime: OnnxRuntime,
    session: InferenceSession,
    part: { config: BertConfig; slice: BertSlice },
    weightBytes: number,
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#part = part;
    this.weightBytes = weightBytes;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    checkStageInputs(this.#part.config, this.#part.slice, inputs);
    const feeds = Object.fromEntries(
      this.#session.inputNames.map((name) => {
        const input = inputs.find((tensor) => tensor.name === name)!;
        return [name, new this.#runtime.Tensor(input.dtype, ownMemory(input.data), input.shape)];
      }),
    );
    const results = await this.#session.run(feeds);
    const outputs = this.#session.outputNames.map((name) => fromOrt(name, results[name] as OrtTensor));
    if (this.#part.slice.head) return outputs;
    const mask = inputs.find(({ name }) => name === 'attention_mask')!;
    return [...outputs, { ...mask, data: mask.data.slice() } as Tensor];
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

/** ONNX Runtime refuses tensors over shared memory; only those are copied. */
function ownMemory<T extends Float32Array | Int32Array>(data: T): T {
  return data.buffer instanceof SharedArrayBuffer ? (data.slice() as T) : data;
}

/** The graph's `hidden_state_out` is the next stage's `hidden_state`: one graph cannot use a name for both. */
function fromOrt(name: string, tensor: OrtTensor): Tensor {
  const data = tensor.data as Float32Array;
  return { name: name.replace(/_out$/, ''), dtype: 'float32', shape: tensor.dims, data };
}

/** Imported late, since it is an optional dependency and costs 40 MB that other executors do not need. */
async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    throw new InputError(
      `the onnx executor needs onnxruntime-node, which cannot be loaded: ${(error as Error).message}. ` +
        'Install it with `ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node`, or use another executor.',
      { cause: error },
    );
  }
}
