import type { Tensor } from '../../../ipu-config/base/tensor.js';
import type { BertConfig, BertSlice } from '../../models/bert/bert-config.js';
import { sliceTensors } from '../../models/bert/bert-tensors.js';
import type { WeightSource } from '../../weights/weights.js';
import { checkStageInputs } from '../stage-inputs.js';
import type { Executor, ExecutorOptions, StageExecutor } from '../stage-executor.js';
import { ReferenceModel } from './reference-model.js';

/** Plain TypeScript in double precision: slow, and the judge of the fast executors. One thread, whatever is asked. */
export const referenceExecutor: Executor = {
  name: 'reference',
  async prepare(
    config: BertConfig,
    slice: BertSlice,
    weights: WeightSource,
    options: ExecutorOptions,
  ): Promise<StageExecutor> {
    const specs = sliceTensors(config, slice);
    const tensors = new Map<string, Float32Array>();
    for (const [at, { name, shape }] of specs.entries()) {
      tensors.set(name, await weights.tensor(name, shape));
      options.onProgress?.((at + 1) / specs.length);
    }
    return new ReferenceStage(config, slice, tensors);
  },
};

class ReferenceStage implements StageExecutor {
  readonly weightBytes: number;
  readonly #config: BertConfig;
  readonly #slice: BertSlice;
  readonly #tensors: Map<string, Float32Array>;

  constructor(config: BertConfig, slice: BertSlice, tensors: Map<string, Float32Array>) {
    this.#config = config;
    this.#slice = slice;
    this.#tensors = tensors;
    this.weightBytes = [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const slice = this.#slice;
    checkStageInputs(this.#config, slice, inputs);
    const named = new Map(inputs.map((tensor) => [tensor.name, tensor]));
    const mask = named.get('attention_mask') as Tensor & { dtype: 'int32' };
    const [batch, sequence] = mask.shape as [number, number];
    const model = new ReferenceModel(this.#config, this.#tensors, { batch, sequence, mask: mask.data });
    let hidden = slice.embedding
      ? model.embed(named.get('input_ids')!.data, named.get('token_type_ids')!.data)
      : model.load(named.get('hidden_state')!.data);
    for (let layer = slice.firstLayer; layer < slice.endLayer; layer++) hidden = model.layer(layer, hidden);
    if (slice.head) return Promise.resolve(model.head(slice.head, hidden));
    return Promise.resolve([
      model.tensor('hidden_state', [batch, sequence, hidden.columns], hidden),
      { ...mask, data: mask.data.slice() },
    ]);
  }

  dispose(): Promise<void> {
    this.#tensors.clear();
    return Promise.resolve();
  }
}
