import { layerTensors, embeddingTensors, headTensors, sliceWeightBytes } from '../../bert/bert-tensors.js';
import type { BertConfig, BertSlice } from '../../bert/bert-config.js';
import type { WeightSource } from '../../bert/weights.js';
import type { ComputeDevice, DeviceArray } from './device.js';

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

  /** Tensors one after the other in one array: several matrices of as many inputs are one with all their outputs. */
  async array(...names: string[]): Promise<DeviceArray> {
    const key = names.join();
    const known = this.#arrays.get(key);
    if (known) return known;
    const parts = [];
    for (const name of names) parts.push(await this.#read(name));
    const array = this.#device.store(...parts);
    this.#arrays.set(key, array);
    return array;
  }

  async parameters(...layers: string[]): Promise<Parameters> {
    return {
      weight: await this.array(...layers.map((name) => `${name}.weight`)),
      bias: await this.array(...layers.map((name) => `${name}.bias`)),
    };
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
