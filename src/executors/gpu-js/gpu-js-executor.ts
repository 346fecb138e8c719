import { InputError } from '../../../ipu-config/base/errors.js';
import type { Tensor } from '../../../ipu-config/base/tensor.js';
import type { BertConfig, BertSlice } from '../../models/bert/bert-config.js';
import { sliceWeightBytes } from '../../models/bert/bert-tensors.js';
import type { WeightSource } from '../../weights/weights.js';
import { checkStageInputs } from '../stage-inputs.js';
import type { Executor, ExecutorOptions, StageExecutor } from '../stage-executor.js';
import { DeviceWeights } from './device-weights.js';
import type { ComputeDevice, GpuJsMode, Transfers } from './device.js';
import { openComputeDevice } from './open-device.js';
import { prepareStage, StageModel } from './stage-model.js';

/** Token ids reach kernels as float32, in which a quotient of two of them is still told from 1 up to here. */
const MAX_VOCABULARY = 2 ** 21;

/** Kernels on gpu.js in one of its modes. One thread, whatever is asked; a GPU has its own. */
export function gpuJsExecutor(mode: GpuJsMode): Executor {
  return {
    name: `gpu.js:${mode}`,
    async prepare(
      config: BertConfig,
      slice: BertSlice,
      weights: WeightSource,
      options: ExecutorOptions,
    ): Promise<StageExecutor> {
      checkVocabulary(config);
      const device = await openComputeDevice(mode, {
        weightBytes: sliceWeightBytes(config, slice),
        onKernel: options.onKernel,
      });
      try {
        const stored = new DeviceWeights({ config, slice }, weights, device, options.onProgress);
        const parameters = await prepareStage(slice, stored);
        if (stored.bytes === 0) options.onProgress?.(1);
        const model = new StageModel({ config, slice }, device, parameters);
        return new GpuJsStage({ config, slice }, device, model, stored.bytes);
      } catch (error) {
        await device.dispose();
        throw error;
      }
    },
  };
}

function checkVocabulary({ vocabSize }: BertConfig): void {
  if (vocabSize <= MAX_VOCABULARY) return;
  throw new InputError(
    `the gpu.js executor takes at most ${MAX_VOCABULARY} tokens in the vocabulary, and this model has ${vocabSize}: ` +
      'use another executor.',
  );
}

class GpuJsStage implements StageExecutor {
  readonly weightBytes: number;
  readonly #part: { config: BertConfig; slice: BertSlice };
  readonly #device: ComputeDevice;
  readonly #model: StageModel;

  constructor(
    part: { config: BertConfig; slice: BertSlice },
    device: ComputeDevice,
    model: StageModel,
    weightBytes: number,
  ) {
    this.#part = part;
    this.#device = device;
    this.#model = model;
    this.weightBytes = weightBytes;
  }

  get transfers(): Readonly<Transfers> {
    return this.#device.transfers;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    checkStageInputs(this.#part.config, this.#part.slice, inputs);
    return this.#model.run(inputs);
  }

  async dispose(): Promise<void> {
    await this.#device.dispose();
  }
}
