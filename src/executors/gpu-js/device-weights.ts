import {
  layerTensors,
  embeddingTensors,
  headTensors,
  sliceWeightBytes,
} from '../../models/bert/bert-tensors.js';
import type { BertConfig, BertSlice } from '../../models/bert/bert-config.js';
import type { WeightSource } from '../../weights/weights.js';
import type { ComputeDevice, DeviceArray } from './device.js';
import { MATMULS } from './matmul-forms.js';
import { inPanels } from './weight-panels.js';

/** A linear layer, or a LayerNorm: what multiplies and what is added. */
export interface Parameters {
  readonly weight: DeviceArray;
  readonly bias: DeviceArray;
}

/**
 * The tensors of a slice on their device. Each is read once and stored once; a table that the embedding and the
 * head share is one array.
 */
export class DeviceWeights {
  readonly #config: BertConfig;
  readonly #slice: BertSlice;
  readonly #source: WeightSource;
  readonly #device: ComputeDevice;
  readonly #onProgress: ((fraction: number) => void) | undefined;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #arrays = new Map<string, DeviceArray>();
  #bytes = 0;

  constructor(
    { config, slice }: { config: BertConfig; slice: BertSlice },
    source: WeightSource,
    device: ComputeDevice,
    onProgress?: (fraction: number) => void,
  ) {
    this.#config = config;
    this.#slice = slice;
    this.#source = source;
    this.#device = device;
    this.#onProgress = onProgress;
    this.#shapes = new Map(tensors(config, slice).map(({ name, shape }) => [name, shape]));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A vector, or a table whose rows are looked up. */
  async array(name: string): Promise<DeviceArray> {
    return this.#once(name, async () => this.#device.store(await this.#read(name)));
  }

  /** Matrices of as many inputs as one with all their outputs, as the mode's matmul wants them. */
  async panels(...names: string[]): Promise<DeviceArray> {
    return this.#once(names.join(), async () => {
      const shapes = names.map((name) => this.#shapes.get(name) as readonly [number, number]);
      const outputs = shapes.reduce((sum, [rows]) => sum + rows, 0);
      const parts = [];
      for (const name of names) parts.push(await this.#read(name));
      const width = MATMULS[this.#device.mode].panelWidth(outputs);
      return this.#device.store(inPanels(parts, shapes[0]![1], width));
    });
  }

  /** Linear layers of the same inputs, as one. */
  async linear(...layers: string[]): Promise<Parameters> {
    const biases = layers.map((name) => `${name}.bias`);
    return {
      weight: await this.panels(...layers.map((name) => `${name}.weight`)),
      bias: await this.#once(biases.join(), async () => {
        const parts = [];
        for (const name of biases) parts.push(await this.#read(name));
        return this.#device.store(...parts);
      }),
    };
  }

  async norm(layer: string): Promise<Parameters> {
    return { weight: await this.array(`${layer}.weight`), bias: await this.array(`${layer}.bias`) };
  }

  async #once(key: string, store: () => Promise<DeviceArray>): Promise<DeviceArray> {
    const array = this.#arrays.get(key) ?? (await store());
    this.#arrays.set(key, array);
    return array;
  }

  async #read(name: string): Promise<Float32Array> {
    const values = await this.#source.tensor(name, this.#shapes.get(name)!);
    this.#bytes += values.byteLength;
    this.#onProgress?.(Math.min(1, this.#bytes / sliceWeightBytes(this.#config, this.#slice)));
    return values;
  }
}

function tensors(config: BertConfig, { firstLayer, endLayer, head }: BertSlice) {
  const layers = Array.from({ length: endLayer - firstLayer }, (_, at) =>
    layerTensors(config, firstLayer + at),
  );
  return [...embeddingTensors(config), ...layers.flat(), ...(head ? headTensors(config, head) : [])];
}
