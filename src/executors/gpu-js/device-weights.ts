import type { LinearParameters, NormParameters } from '../../models/steps.js';
import type { TensorSpec } from '../../../ipu-config/base/tensor-spec.js';
import type { WeightSource } from '../../weights/weights.js';
import type { ComputeDevice, DeviceArray } from './device.js';
import { MATMULS } from './matmul-forms.js';
import { inPanels } from './weight-panels.js';

/** What multiplies and what is added. */
interface Parameters {
  readonly weight: DeviceArray;
  readonly bias: DeviceArray;
}

/** A linear layer, from rows of `inputs` numbers to rows of `outputs`. */
export interface Linear extends Parameters {
  readonly inputs: number;
  readonly outputs: number;
}

/** A LayerNorm over rows of so many numbers. */
export interface Norm extends Parameters {
  readonly columns: number;
  readonly epsilon: DeviceArray;
}

/**
 * The tensors of a program on their device. Each is read once and stored once; a table that the embedding and the
 * head share is one array.
 */
export class DeviceWeights {
  readonly #source: WeightSource;
  readonly #device: ComputeDevice;
  readonly #onRead: (bytes: number) => void;
  readonly #arrays = new Map<string, DeviceArray>();
  #bytes = 0;

  /** @param onRead called with all bytes that were read so far */
  constructor(source: WeightSource, device: ComputeDevice, onRead: (bytes: number) => void) {
    this.#source = source;
    this.#device = device;
    this.#onRead = onRead;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Vectors one after another, or a table whose rows are looked up. */
  array(...specs: TensorSpec[]): Promise<DeviceArray> {
    return this.#once(`array ${specs.map(({ name }) => name).join()}`, async () =>
      this.#device.store(...(await this.#read(specs))),
    );
  }

  /** Matrices of as many inputs as one with all their outputs, as the mode's matmul wants them. */
  panels(...specs: TensorSpec[]): Promise<DeviceArray> {
    return this.#once(`panels ${specs.map(({ name }) => name).join()}`, async () => {
      const outputs = specs.reduce((sum, { shape }) => sum + shape[0]!, 0);
      const width = MATMULS[this.#device.mode].panelWidth(outputs);
      return this.#device.store(inPanels(await this.#read(specs), specs[0]!.shape[1]!, width));
    });
  }

  /** Linear layers of the same inputs, as one. */
  async linear(...layers: LinearParameters[]): Promise<Linear> {
    const weight = await this.panels(...layers.map((layer) => layer.weight));
    const biases = layers.flatMap(({ bias }) => bias ?? []);
    const outputs = layers.reduce((sum, layer) => sum + layer.weight.shape[0]!, 0);
    const bias = biases.length > 0 ? await this.array(...biases) : await this.zeros(outputs);
    return { weight, bias, inputs: layers[0]!.weight.shape[1]!, outputs };
  }

  async norm({ weight, bias, epsilon }: NormParameters): Promise<Norm> {
    return {
      weight: await this.array(weight),
      bias: await this.array(bias),
      columns: weight.shape[0]!,
      epsilon: await this.#constant(1, epsilon),
    };
  }

  zeros(length: number): Promise<DeviceArray> {
    return this.#constant(length, 0);
  }

  #constant(length: number, value: number): Promise<DeviceArray> {
    const store = (): DeviceArray => this.#device.store(new Float32Array(length).fill(value));
    return this.#once(`${length} × ${value}`, () => Promise.resolve(store()));
  }

  async #once(key: string, store: () => Promise<DeviceArray>): Promise<DeviceArray> {
    const array = this.#arrays.get(key) ?? (await store());
    this.#arrays.set(key, array);
    return array;
  }

  async #read(specs: readonly TensorSpec[]): Promise<Float32Array[]> {
    const parts = [];
    for (const { name, shape } of specs) {
      const values = await this.#source.tensor(name, shape);
      this.#bytes += values.byteLength;
      this.#onRead(this.#bytes);
      parts.push(values);
    }
    return parts;
  }
}
