import type { Activation } from '../../models/steps.js';
import type { Norm, Parameters } from './device-weights.js';
import type { ComputeDevice, DeviceArray, Program } from './device.js';
import { asRows, gelu, geluNew, relu, tanh } from './kernels/activation.js';
import { attentionContext, attentionScores, mergeHeads } from './kernels/attention.js';
import { embed, firstPositions, join, pickPositions } from './kernels/embedding.js';
import { addResidual, normalize, rowMoments } from './kernels/layer-norm.js';
import { matmulConstants } from './kernels/matmul.js';
import { MATMULS, type MatmulForm } from './matmul-forms.js';
import type { MicroBatch } from './micro-batch.js';
import {
  exponentials,
  exponentialsByTable,
  largestScores,
  POWERS_OF_HALF,
  weightSums,
} from './kernels/softmax.js';
import type { KernelDefinition } from './kernels/definition.js';

const ACTIVATIONS: Record<Activation | 'none', KernelDefinition> = {
  gelu,
  gelu_new: geluNew,
  relu,
  tanh,
  none: asRows,
};

/**
 * The steps of programs, as kernels on a device. A step's programs are compiled when it is first asked for,
 * by a name that says whose result it is: what two steps of the same name compute lies in the same place, so a
 * caller that needs both gives them different names. Layers use the same names, one after the other.
 */
export class StageKernels {
  readonly #device: ComputeDevice;
  readonly #matmul: MatmulForm;
  readonly #powers: DeviceArray | undefined;
  readonly #programs = new Map<string, Program>();

  constructor(device: ComputeDevice) {
    this.#device = device;
    this.#matmul = MATMULS[device.mode];
    if (device.mode === 'webasm') this.#powers = device.store(POWERS_OF_HALF);
  }

  /** The sum of a row of each of three tables, `[rows, hidden]`; `at` is where the micro-batch has the rows. */
  embed(
    name: string,
    { batch, sequence, input, at }: MicroBatch,
    tables: readonly DeviceArray[],
    sizes: { hidden: number; words: number; at: string },
  ): Promise<DeviceArray> {
    const { hidden, words } = sizes;
    const rows = batch * sequence;
    const panel = this.#matmul.panelWidth(words);
    const program = this.#program(name, embed, { hidden, panel });
    return this.#device.run(program, [hidden, rows], [input, ...tables, at.get(sizes.at)!, rows]);
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
    sizes: { rows: number; inputs: number; outputs: number; activation: Activation | 'none' },
  ): Promise<DeviceArray> {
    const projected = await this.project(name, x, parameters, sizes);
    const { rows, outputs: width, activation } = sizes;
    const program = this.#program(`${name} ${activation}`, ACTIVATIONS[activation], { width });
    return this.#device.run(program, [width, rows], [projected]);
  }

  /** Self-attention of x `[rows, hidden]`, up to the heads side by side, `[rows, hidden]`. */
  async attend(
    name: string,
    x: DeviceArray,
    parameters: Parameters,
    {
      micro,
      mask,
      ...sizes
    }: { hidden: number; heads: number; headSize: number; micro: MicroBatch; mask: string },
  ): Promise<DeviceArray> {
    const { batch, sequence, input, at } = micro;
    const { hidden, heads } = sizes;
    const rows = batch * sequence;
    const qkv = await this.project(name, x, parameters, { rows, inputs: hidden, outputs: 3 * hidden });
    const device = this.#device;
    const quads = Math.ceil(sequence / 4);
    const slices = batch * heads;
    const program = (part: string, definition: KernelDefinition): Program =>
      this.#program(`${name} ${part}`, definition, sizes);
    const scores = await device.run(
      program('scores', attentionScores),
      [sequence, quads, slices],
      [qkv, input, at.get(mask)!, sequence],
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
    return device.run(program('heads', mergeHeads), [hidden, rows], [context, sums, sequence]);
  }

  /** LayerNorm(projected + residual), `[rows, hidden]`; `projected` in quads. */
  async addNorm(
    name: string,
    projected: DeviceArray,
    residual: DeviceArray,
    norm: Norm,
    rows: number,
  ): Promise<DeviceArray> {
    const { columns: hidden } = norm;
    const sum = await this.#device.run(
      this.#program(`${name} sum`, addResidual, { hidden }),
      [hidden, rows],
      [projected, residual],
    );
    return this.norm(name, sum, norm, rows);
  }

  /** LayerNorm of x `[rows, hidden]`. */
  async norm(name: string, x: DeviceArray, norm: Norm, rows: number): Promise<DeviceArray> {
    const { weight, bias, columns: hidden, epsilon } = norm;
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
    return this.#device.run(program, [hidden, rows], [x, moments, weight, bias, epsilon]);
  }

  /** The first position of each row of the batch, `[batch, hidden]`. */
  firstPositions(
    name: string,
    x: DeviceArray,
    hidden: number,
    { batch, sequence }: MicroBatch,
  ): Promise<DeviceArray> {
    return this.#device.run(this.#program(name, firstPositions, { hidden }), [hidden, batch], [x, sequence]);
  }

  /** Positions that the micro-batch has from `at` on, `[rows, hidden]`. */
  pickPositions(
    name: string,
    x: DeviceArray,
    { at, rows, hidden }: { at: number; rows: number; hidden: number },
    { batch, sequence, input }: MicroBatch,
  ): Promise<DeviceArray> {
    const program = this.#program(name, pickPositions, { hidden });
    return this.#device.run(program, [hidden, rows], [x, input, at, sequence, rows / batch]);
  }

  /** The first `length` numbers of each array, one after another. */
  async join(
    parts: readonly { readonly array: DeviceArray; readonly length: number }[],
  ): Promise<DeviceArray> {
    let { array: joined, length: end } = parts[0]!;
    for (const [at, { array, length }] of parts.slice(1).entries()) {
      joined = await this.#device.run(
        this.#program(`join ${at}`, join, {}),
        [end + length],
        [joined, array, end],
      );
      end += length;
    }
    return joined;
  }

  #program(name: string, definition: KernelDefinition, constants: Readonly<Record<string, number>>): Program {
    const known = this.#programs.get(name);
    if (known) return known;
    const program = this.#device.compile(definition, constants);
    this.#programs.set(name, program);
    return program;
  }
}
