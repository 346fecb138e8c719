import type { Tensor } from '../../../ipu-config/base/tensor.js';
import { sized, type Program, type ProgramOutput } from '../../models/program.js';
import { columnsOf, type Step, type Value } from '../../models/steps.js';
import { elementsOf } from '../../../ipu-config/base/tensor-spec.js';
import { checkStageInputs, type StageInputs } from '../stage-inputs.js';
import type { DeviceWeights } from './device-weights.js';
import type { ComputeDevice, DeviceArray } from './device.js';
import { floatInputs, MOST_TABLES, uploadInputs, type MicroBatch } from './micro-batch.js';
import { StageKernels } from './stage-kernels.js';

/** What a step computes on the device, from the values that steps before it left there. */
type RunStep = (values: ReadonlyMap<string, DeviceArray>, micro: MicroBatch) => Promise<DeviceArray>;

/** Runs micro-batches through a program: one upload, kernels, one readback. */
export class DeviceProgram {
  readonly #program: Program;
  readonly #device: ComputeDevice;
  readonly #kernels: StageKernels;
  readonly #steps: { readonly output: string; readonly run: RunStep }[] = [];

  /** Use `DeviceProgram.prepare`. */
  constructor(program: Program, device: ComputeDevice) {
    this.#program = program;
    this.#device = device;
    this.#kernels = new StageKernels(device);
  }

  /** Reads and stores the weights in the order of computation. */
  static async prepare(
    program: Program,
    device: ComputeDevice,
    weights: DeviceWeights,
  ): Promise<DeviceProgram> {
    const prepared = new DeviceProgram(program, device);
    for (const step of program.steps) {
      prepared.#steps.push({ output: step.output.name, run: await prepared.#lower(step, weights) });
    }
    return prepared;
  }

  async run(given: readonly Tensor[]): Promise<Tensor[]> {
    const inputs = checkStageInputs(this.#program, given);
    const micro = uploadInputs(this.#program, inputs, this.#device);
    const values = new Map<string, DeviceArray>();
    for (const { name } of floatInputs(this.#program)) values.set(name, micro.input);
    for (const { output, run } of this.#steps) values.set(output, await run(values, micro));
    return this.#outputs(values, inputs);
  }

  async #lower(step: Step, weights: DeviceWeights): Promise<RunStep> {
    const kernels = this.#kernels;
    const { name } = step;
    switch (step.op) {
      case 'embed': {
        const tables = step.tables.map(({ table }) => table);
        const hidden = columnsOf(step.output);
        const stored = [await weights.panels(tables[0]!)];
        for (const table of tables.slice(1)) stored.push(await weights.array(table));
        while (stored.length < MOST_TABLES) stored.push(await weights.zeros(hidden));
        const sizes = { hidden, words: tables[0]!.shape[0]!, at: step.output.name };
        return (_, micro) => kernels.embed(name, micro, stored, sizes);
      }
      case 'linear': {
        const parameters = await weights.linear(step);
        const activation = step.activation ?? 'none';
        return (values, micro) =>
          kernels.dense(name, values.get(step.input.name)!, parameters, {
            ...matmulSizes(step.input, step.output, micro),
            activation,
          });
      }
      case 'norm': {
        const norm = await weights.norm(step);
        return (values, micro) =>
          kernels.norm(name, values.get(step.input.name)!, norm, rowsOf(step.output, micro));
      }
      case 'attend': {
        const qkv = await weights.linear(step.query, step.key, step.value);
        const { heads, mask, input, output } = step;
        const sizes = { hidden: columnsOf(output), heads, headSize: columnsOf(output) / heads };
        return (values, micro) =>
          kernels.attend(name, values.get(input.name)!, qkv, { ...sizes, micro, mask });
      }
      case 'addNorm': {
        const parameters = await weights.linear(step);
        const norm = await weights.norm(step.norm);
        return async (values, micro) => {
          const sizes = matmulSizes(step.input, step.output, micro);
          const projected = await kernels.project(name, values.get(step.input.name)!, parameters, sizes);
          return kernels.addNorm(name, projected, values.get(step.residual.name)!, norm, sizes.rows);
        };
      }
      case 'first':
        return (values, micro) =>
          kernels.firstPositions(name, values.get(step.input.name)!, columnsOf(step.output), micro);
      case 'gather':
        return (values, micro) => {
          const rows = rowsOf(step.output, micro);
          const from = { at: micro.at.get(step.positions)!, rows, hidden: columnsOf(step.output) };
          return kernels.pickPositions(name, values.get(step.input.name)!, from, micro);
        };
    }
  }

  /** Reads what is wanted at once: several values are joined on the device. */
  async #outputs(
    values: ReadonlyMap<string, DeviceArray>,
    { tensors, sizes }: StageInputs,
  ): Promise<Tensor[]> {
    const shapes = this.#shapes();
    const computed = this.#program.outputs.filter(({ dtype }) => dtype === 'float32');
    const parts = [...new Set(computed.map(({ of }) => of))].map((name) => ({
      name,
      array: values.get(name)!,
      length: elementsOf(sized(shapes.get(name)!, sizes)),
    }));
    const joined = await this.#kernels.join(parts);
    const all = await this.#device.read(
      joined,
      parts.reduce((sum, { length }) => sum + length, 0),
    );
    const read = new Map<string, Float32Array>();
    let at = 0;
    for (const { name, length } of parts) {
      read.set(name, parts.length === 1 ? all : all.slice(at, at + length));
      at += length;
    }
    return this.#program.outputs.map(({ name, dtype, shape, of, column }: ProgramOutput): Tensor => {
      if (dtype !== 'float32') return { ...tensors.get(of)!, data: tensors.get(of)!.data.slice() } as Tensor;
      const data = read.get(of)!;
      const columns = shapes.get(of)!.at(-1) as number;
      const picked = column === undefined ? data : data.filter((_, k) => k % columns === column);
      return { name, dtype, shape: sized(shape, sizes), data: picked };
    });
  }

  #shapes(): ReadonlyMap<string, Value['shape']> {
    const values = [...floatInputs(this.#program), ...this.#program.steps.map(({ output }) => output)];
    return new Map(values.map(({ name, shape }) => [name, shape]));
  }
}

function rowsOf({ shape }: Value, { sizes }: MicroBatch): number {
  return elementsOf(sized(shape.slice(0, -1), sizes));
}

function matmulSizes(
  input: Value,
  output: Value,
  micro: MicroBatch,
): { rows: number; inputs: number; outputs: number } {
  return { rows: rowsOf(input, micro), inputs: columnsOf(input), outputs: columnsOf(output) };
}
