import type { Tensor } from '../../../ipu-config/base/tensor.js';
import type { BertConfig, BertSlice } from '../../models/bert/bert-config.js';
import type { DeviceWeights, Parameters } from './device-weights.js';
import type { ComputeDevice, DeviceArray } from './device.js';
import { HEADS, prepareHead, type HeadParameters } from './heads.js';
import { StageKernels, type MicroBatch } from './stage-kernels.js';

interface Embedding {
  readonly words: DeviceArray;
  readonly segments: DeviceArray;
  readonly positions: DeviceArray;
  readonly norm: Parameters;
}

interface Layer {
  readonly qkv: Parameters;
  readonly attention: Parameters;
  readonly attentionNorm: Parameters;
  readonly intermediate: Parameters;
  readonly output: Parameters;
  readonly outputNorm: Parameters;
}

/** What a slice computes with, on its device. */
export interface StageParameters {
  readonly embedding: Embedding | undefined;
  readonly layers: readonly Layer[];
  readonly head: HeadParameters | undefined;
}

/** Reads and stores a slice's weights in the order of computation. */
export async function prepareStage(slice: BertSlice, weights: DeviceWeights): Promise<StageParameters> {
  const embedding = slice.embedding ? await prepareEmbedding(weights) : undefined;
  const layers: Layer[] = [];
  for (let layer = slice.firstLayer; layer < slice.endLayer; layer++) {
    layers.push(await prepareLayer(layer, weights));
  }
  return { embedding, layers, head: slice.head ? await prepareHead(slice.head, weights) : undefined };
}

async function prepareEmbedding(weights: DeviceWeights): Promise<Embedding> {
  const at = 'bert.embeddings';
  return {
    words: await weights.panels(`${at}.word_embeddings.weight`),
    positions: await weights.array(`${at}.position_embeddings.weight`),
    segments: await weights.array(`${at}.token_type_embeddings.weight`),
    norm: await weights.norm(`${at}.LayerNorm`),
  };
}

async function prepareLayer(layer: number, weights: DeviceWeights): Promise<Layer> {
  const at = `bert.encoder.layer.${layer}`;
  const self = `${at}.attention.self`;
  return {
    qkv: await weights.linear(`${self}.query`, `${self}.key`, `${self}.value`),
    attention: await weights.linear(`${at}.attention.output.dense`),
    attentionNorm: await weights.norm(`${at}.attention.output.LayerNorm`),
    intermediate: await weights.linear(`${at}.intermediate.dense`),
    output: await weights.linear(`${at}.output.dense`),
    outputNorm: await weights.norm(`${at}.output.LayerNorm`),
  };
}

/** Runs micro-batches through a slice: one upload, kernels, one readback. */
export class StageModel {
  readonly #config: BertConfig;
  readonly #slice: BertSlice;
  readonly #device: ComputeDevice;
  readonly #parameters: StageParameters;
  readonly #kernels: StageKernels;

  constructor(
    { config, slice }: { config: BertConfig; slice: BertSlice },
    device: ComputeDevice,
    parameters: StageParameters,
  ) {
    this.#config = config;
    this.#slice = slice;
    this.#device = device;
    this.#parameters = parameters;
    this.#kernels = new StageKernels(config, device);
  }

  /** @param inputs that `checkStageInputs` has checked. */
  async run(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const named = new Map(inputs.map((tensor) => [tensor.name, tensor]));
    const mask = named.get('attention_mask')!;
    const [batch, sequence] = mask.shape as [number, number];
    const rest = this.#slice.embedding
      ? [named.get('input_ids')!, named.get('token_type_ids')!]
      : [named.get('hidden_state')!];
    const packed = pack([...rest, mask]);
    const micro = {
      batch,
      sequence,
      input: this.#device.upload(packed),
      maskAt: packed.length - mask.data.length,
    };
    const hidden = await this.#encode(micro);
    if (this.#slice.head) {
      const context = { config: this.#config, device: this.#device, kernels: this.#kernels };
      return HEADS[this.#slice.head](context, this.#parameters.head!, hidden, micro);
    }
    const { hiddenSize } = this.#config;
    const data = await this.#device.read(hidden, batch * sequence * hiddenSize);
    return [
      { name: 'hidden_state', dtype: 'float32', shape: [batch, sequence, hiddenSize], data },
      { ...mask, data: mask.data.slice() } as Tensor,
    ];
  }

  async #encode(micro: MicroBatch): Promise<DeviceArray> {
    const { embedding, layers } = this.#parameters;
    const rows = micro.batch * micro.sequence;
    // Without an embedding the hidden state stands at the beginning of the input.
    let hidden = micro.input;
    if (embedding) {
      hidden = await this.#kernels.norm(
        'embedding',
        await this.#kernels.embed(micro, embedding),
        embedding.norm,
        rows,
      );
    }
    for (const layer of layers) hidden = await this.#layer(layer, hidden, micro);
    return hidden;
  }

  async #layer(layer: Layer, hidden: DeviceArray, micro: MicroBatch): Promise<DeviceArray> {
    const kernels = this.#kernels;
    const { hiddenSize: size, intermediateSize, hiddenAct: activation } = this.#config;
    const rows = micro.batch * micro.sequence;
    const qkv = await kernels.project('qkv', hidden, layer.qkv, { rows, inputs: size, outputs: 3 * size });
    const context = await kernels.attend(qkv, micro);
    const square = { rows, inputs: size, outputs: size };
    const projected = await kernels.project('attention', context, layer.attention, square);
    const attended = await kernels.addNorm('attention', projected, hidden, layer.attentionNorm, rows);
    const wide = await kernels.dense('intermediate', attended, layer.intermediate, {
      ...{ rows, inputs: size, outputs: intermediateSize, activation },
    });
    const narrow = await kernels.project('output', wide, layer.output, {
      ...{ rows, inputs: intermediateSize, outputs: size },
    });
    return kernels.addNorm('output', narrow, attended, layer.outputNorm, rows);
  }
}

/** All inputs as one array of float32, so that they are one upload; whole numbers are exact below 2²⁴. */
function pack(tensors: readonly Tensor[]): Float32Array {
  const packed = new Float32Array(tensors.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of tensors) {
    packed.set(data, at);
    at += data.length;
  }
  return packed;
}
