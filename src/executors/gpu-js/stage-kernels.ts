import {
  columnsOf,
  type Activation,
  type AddNormStep,
  type AttendStep,
  type EmbedStep,
  type FirstStep,
  type GatherStep,
  type LinearStep,
} from '../../models/steps.js';
import type { Linear, Norm } from './device-weights.js';
import type { Cells, ComputeDevice, DeviceArray, CompiledKernel } from './device.js';
import { asRows, gelu, geluNew, relu, tanh } from './kernels/activation.js';
import { attentionContext, attentionScores, mergeHeads } from './kernels/attention.js';
import { embed, firstPositions, join, pickPositions } from './kernels/embedding.js';
import { addResidual, normalize, rowMoments } from './kernels/layer-norm.js';
import { matmulConstants } from './kernels/matmul.js';
import { MATMULS, type MatmulForm } from './matmul-forms.js';
import { rowsOf, type MicroBatch } from './micro-batch.js';
import {
  exponentials,
  exponentialsByTable,
  largestScores,
  POWERS_OF_HALF,
  weightSums,
} from './kernels/softmax.js';
import type { KernelDefinition } from './kernels/definition.js';

/** What kernels take, in the order of their parameters. */
type Values = readonly (DeviceArray | number)[];

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
  readonly #programs = new Map<string, CompiledKernel>();

  constructor(device: ComputeDevice) {
    this.#device = device;
    this.#matmul = MATMULS[device.mode];
    if (device.mode === 'webasm') this.#powers = device.store(POWERS_OF_HALF);
  }

  /** The sum of a row of each of three tables, `[rows, hidden]`. */
  embed(
    { name, tables, output }: EmbedStep,
    stored: readonly DeviceArray[],
    micro: MicroBatch,
  ): Promise<DeviceArray> {
    const [hidden, rows] = [columnsOf(output), rowsOf(output, micro)];
    const panel = this.#matmul.panelWidth(tables[0]!.table.shape[0]!);
    const values = [micro.input, ...stored, micro.at.get(output.name)!, rows];
    return this.#run(name, embed, { hidden, panel }, [hidden, rows], values);
  }

  /** act(x · Wᵀ + bias), `[rows, outputs]`. */
  async linear(
    { name, activation, output }: LinearStep,
    x: DeviceArray,
    layer: Linear,
    micro: MicroBatch,
  ): Promise<DeviceArray> {
    const [width, rows] = [layer.outputs, rowsOf(output, micro)];
    const projected = await this.#project(name, x, layer, rows);
    const then = activation ?? 'none';
    return this.#run(`${name} ${then}`, ACTIVATIONS[then], { width }, [width, rows], [projected]);
  }

  /** Self-attention of x `[rows, hidden]`, up to the heads side by side, `[rows, hidden]`. */
  async attend(
    { name, heads, mask, output }: AttendStep,
    x: DeviceArray,
    projections: Linear,
    { batch, sequence, input, at }: MicroBatch,
  ): Promise<DeviceArray> {
    const hidden = columnsOf(output);
    const [rows, headSize] = [batch * sequence, hidden / heads];
    const [quads, slices] = [Math.ceil(sequence / 4), batch * heads];
    const run = (part: string, definition: KernelDefinition, cells: Cells, ...values: Values) =>
      this.#run(`${name} ${part}`, definition, { hidden, heads, headSize }, cells, [...values, sequence]);
    const qkv = await this.#project(name, x, projections, rows);
    const maskAt = at.get(mask)!;
    const scores = await run('scores', attentionScores, [sequence, quads, slices], qkv, input, maskAt);
    const largest = await run('largest', largestScores, [sequence, slices], scores);
    const all: Cells = [4 * sequence, quads, slices];
    const weights = this.#powers
      ? await run('weights', exponentialsByTable, all, scores, largest, this.#powers)
      : await run('weights', exponentials, all, scores, largest);
    const sums = await run('sums', weightSums, [sequence, slices], weights);
    const context = await run('context', attentionContext, [headSize, quads, slices], weights, qkv);
    return run('heads', mergeHeads, [hidden, rows], context, sums);
  }

  /** LayerNorm(x · Wᵀ + bias + residual), `[rows, hidden]`. */
  async addNorm(
    { name, output }: AddNormStep,
    { x, residual }: { readonly x: DeviceArray; readonly residual: DeviceArray },
    { layer, norm }: { readonly layer: Linear; readonly norm: Norm },
    micro: MicroBatch,
  ): Promise<DeviceArray> {
    const [hidden, rows] = [norm.columns, rowsOf(output, micro)];
    const values = [await this.#project(name, x, layer, rows), residual];
    const sum = await this.#run(`${name} sum`, addResidual, { hidden }, [hidden, rows], values);
    return this.norm(name, sum, norm, rows);
  }

  /** LayerNorm of x `[rows, hidden]`. */
  async norm(name: string, x: DeviceArray, norm: Norm, rows: number): Promise<DeviceArray> {
    const { weight, bias, columns: hidden, epsilon } = norm;
    const eights = { hidden, eights: Math.floor(hidden / 8), afterEights: hidden % 8 };
    const moments = await this.#run(`${name} moments`, rowMoments, eights, [rows], [x]);
    const values = [x, moments, weight, bias, epsilon];
    return this.#run(`${name} norm`, normalize, { hidden }, [hidden, rows], values);
  }

  /** The first position of each row of the batch, `[batch, hidden]`. */
  first({ name, output }: FirstStep, x: DeviceArray, { batch, sequence }: MicroBatch): Promise<DeviceArray> {
    const hidden = columnsOf(output);
    return this.#run(name, firstPositions, { hidden }, [hidden, batch], [x, sequence]);
  }

  /** The positions that the micro-batch names, `[rows, hidden]`. */
  gather({ name, positions, output }: GatherStep, x: DeviceArray, micro: MicroBatch): Promise<DeviceArray> {
    const { batch, sequence, input, at } = micro;
    const [hidden, rows] = [columnsOf(output), rowsOf(output, micro)];
    const values = [x, input, at.get(positions)!, sequence, rows / batch];
    return this.#run(name, pickPositions, { hidden }, [hidden, rows], values);
  }

  /** The first `length` numbers of each array, one after another. */
  async join(
    parts: readonly { readonly array: DeviceArray; readonly length: number }[],
  ): Promise<DeviceArray> {
    let { array: joined, length: end } = parts[0]!;
    for (const [at, { array, length }] of parts.slice(1).entries()) {
      joined = await this.#run(`join ${at}`, join, {}, [end + length], [joined, array, end]);
      end += length;
    }
    return joined;
  }

  /** A linear layer in quads (kernels/matmul.ts), x `[rows, inputs]`. */
  #project(
    name: string,
    x: DeviceArray,
    { weight, bias, inputs, outputs }: Linear,
    rows: number,
  ): Promise<DeviceArray> {
    const { definition, cells } = this.#matmul;
    const constants = matmulConstants(inputs, outputs);
    return this.#run(`${name} matmul`, definition, constants, cells(outputs, rows), [x, weight, bias, rows]);
  }

  #run(
    name: string,
    definition: KernelDefinition,
    constants: Readonly<Record<string, number>>,
    cells: Cells,
    values: Values,
  ): Promise<DeviceArray> {
    let program = this.#programs.get(name);
    if (!program) this.#programs.set(name, (program = this.#device.compile(definition, constants)));
    return this.#device.run(program, cells, values);
  }
}
