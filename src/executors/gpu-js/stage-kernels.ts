import type { BertConfig } from '../../models/bert/bert-config.js';
import type { Parameters } from './device-weights.js';
import type { ComputeDevice, DeviceArray, Program } from './device.js';
import { asRows, gelu, geluNew, relu, tanh } from './kernels/activation.js';
import { attentionContext, attentionScores, mergeHeads } from './kernels/attention.js';
import { embed, firstPositions, join } from './kernels/embedding.js';
import { addResidual, normalize, rowMoments } from './kernels/layer-norm.js';
import { matmulConstants } from './kernels/matmul.js';
import { MATMULS, type MatmulForm } from './matmul-forms.js';
import {
  exponentials,
  exponentialsByTable,
  largestScores,
  POWERS_OF_HALF,
  weightSums,
} from './kernels/softmax.js';
import type { KernelDefinition } from './kernels/definition.js';

/** The micro-batch that is on the device. */
export interface MicroBatch {
  readonly batch: number;
  readonly sequence: number;
  /** The array with all inputs, and where in it the mask begins. */
  readonly input: DeviceArray;
  readonly maskAt: number;
}

const ACTIVATIONS: Record<BertConfig['hiddenAct'] | 'tanh' | 'none', KernelDefinition> = {
  gelu,
  gelu_new: geluNew,
  relu,
  tanh,
  none: asRows,
};
export type Activation = keyof typeof ACTIVATIONS;

/**
 * The steps that BERT is made of, as kernels on a device. A step's programs are compiled when it is first asked for,
 * by a name that says whose result it is: what two steps of the same name compute lies in the same place, so a
 * caller that needs both gives them different names. Layers use the same names, one after the other.
 */
export class StageKernels {
  readonly #config: BertConfig;
  readonly #device: ComputeDevice;
  readonly #matmul: MatmulForm;
  readonly #settings: DeviceArray;
  readonly #powers: DeviceArray | undefined;
  readonly #programs = new Map<string, Program>();

  constructor(config: BertConfig, device: ComputeDevice) {
    this.#config = config;
    this.#device = device;
    this.#matmul = MATMULS[device.mode];
    this.#settings = device.store(Float32Array.of(config.layerNormEps));
    if (device.mode === 'webasm') this.#powers = device.store(POWERS_OF_HALF);
  }

  /** `[rows, hidden]`, not yet normalized. */
  embed(
    { batch, sequence, input }: MicroBatch,
    tables: { words: DeviceArray; segments: DeviceArray; positions: DeviceArray },
  ): Promise<DeviceArray> {
    const { hiddenSize: hidden, vocabSize } = this.#config;
    const rows = batch * sequence;
    const panel = this.#matmul.panelWidth(vocabSize);
    const program = this.#program('embedding', embed, { hidden, panel });
    const { words, segments, positions } = tables;
    return this.#device.run(program, [hidden, rows], [input, words, segments, positions, rows, sequence]);
  }

  /** A linear layer in quads (kernels/matmul.ts), x `[rows, inputs]`. */
  project(
    name: string,
    x: DeviceArray,
    { weight, bias }: Parameters,
    { rows, inputs, outputs }: { rows: number; inputs: number; outputs: number },
  ): Promise<DeviceArray> {
    const { definition, cells } = this.#matmul;
    const program = this.#program(`${name} matmul`, definition, matmulConstants(inputs, outputs));
    return this.#device.run(program, cells(outputs, rows), [x, weight, bias, rows]);
  }

  /** act(x · Wᵀ + bias), `[rows, outputs]`. */
  async dense(
    name: string,
    x: DeviceArray,
    parameters: Parameters,
    sizes: { rows: number; inputs: number; outputs: number; activation: Activation },
  ): Promise<DeviceArray> {
    const projected = await this.project(name, x, parameters, sizes);
    const { rows, outputs: width, activation } = sizes;
    const program = this.#program(`${name} ${activation}`, ACTIVATIONS[activation], { width });
    return this.#device.run(program, [width, rows], [projected]);
  }

  /** Self-attention up to the heads side by side, `[rows, hidden]`; `qkv` in quads of `[rows, 3 · hidden]`. */
  async attend(qkv: DeviceArray, { batch, sequence, input, maskAt }: MicroBatch): Promise<DeviceArray> {
    const { hiddenSize: hidden, numAttentionHeads: heads } = this.#config;
    const sizes = { hidden, heads, headSize: hidden / heads };
    const device = this.#device;
    const quads = Math.ceil(sequence / 4);
    const slices = batch * heads;
    const program = (name: string, definition: KernelDefinition): Program =>
      this.#program(name, definition, sizes);
    const scores = await device.run(
      program('scores', attentionScores),
      [sequence, quads, slices],
      [qkv, input, maskAt, sequence],
    );
    const largest = await device.run(
      program('largest', largestScores),
      [sequence, slices],
      [scores, sequence],
    );
    const weights = await device.run(
      program('weights', this.#powers ? exponentialsByTable : exponentials),
      [4 * sequence, quads, slices],
      [scores, largest, ...(this.#powers ? [this.#powers] : []), sequence],
    );
    const sums = await device.run(program('sums', weightSums), [sequence, slices], [weights, sequence]);
    const context = await device.run(
      program('context', attentionContext),
      [sizes.headSize, quads, slices],
      [weights, qkv, sequence],
    );
    return device.run(program('heads', mergeHeads), [hidden, batch * sequence], [context, sums, sequence]);
  }

  /** LayerNorm(projected + residual), `[rows, hidden]`; `projected` in quads. */
  async addNorm(
    name: string,
    projected: DeviceArray,
    residual: DeviceArray,
    norm: Parameters,
    rows: number,
  ): Promise<DeviceArray> {
    const { hiddenSize: hidden } = this.#config;
    const sum = await this.#device.run(
      this.#program(`${name} sum`, addResidual, { hidden }),
      [hidden, rows],
      [projected, residual],
    );
    return this.norm(name, sum, norm, rows);
  }

  /** LayerNorm of x `[rows, hidden]`. */
  async norm(name: string, x: DeviceArray, { weight, bias }: Parameters, rows: number): Promise<DeviceArray> {
    const { hiddenSize: hidden } = this.#config;
    const moments = await this.#device.run(
      this.#program(`${name} moments`, rowMoments, {
        hidden,
        eights: Math.floor(hidden / 8),
        afterEights: hidden % 8,
      }),
      [rows],
      [x],
    );
    const program = this.#program(`${name} norm`, normalize, { hidden });
    return this.#device.run(program, [hidden, rows], [x, moments, weight, bias, this.#settings]);
  }

  /** The first position of each row of the batch, `[batch, hidden]`. */
  firstPositions(x: DeviceArray, { batch, sequence }: MicroBatch): Promise<DeviceArray> {
    const { hiddenSize: hidden } = this.#config;
    const program = this.#program('first positions', firstPositions, { hidden });
    return this.#device.run(program, [hidden, batch], [x, sequence]);
  }

  /** The first `lengths[0]` numbers of one array, then the first `lengths[1]` of the other. */
  join(first: DeviceArray, second: DeviceArray, lengths: readonly [number, number]): Promise<DeviceArray> {
    const program = this.#program('join', join, {});
    return this.#device.run(program, [lengths[0] + lengths[1]], [first, second, lengths[0]]);
  }

  #program(name: string, definition: KernelDefinition, constants: Readonly<Record<string, number>>): Program {
    const known = this.#programs.get(name);
    if (known) return known;
    const program = this.#device.compile(definition, constants);
    this.#programs.set(name, program);
    return program;
  }
}
