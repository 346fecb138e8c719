import type { Tensor } from '../../../ipu-config/base/tensor.js';
import { sized, type Program } from '../../models/program.js';
import { columnsOf, type Step, type Value } from '../../models/steps.js';
import { elementsOf } from '../../../ipu-config/base/tensor-spec.js';
import { checkStageInputs } from '../stage-inputs.js';
import type { DeviceWeights } from './device-weights.js';
import type { ComputeDevice, DeviceArray } from './device.js';
import { floatInputs, MOST_TABLES, rowsOf, uploadInputs, type MicroBatch } from './micro-batch.js';
import { StageKernels } from './stage-kernels.js';

/** What a step computes on the device; `of` finds what steps before it left there. */
type RunStep = (of: (value: Value) => DeviceArray, micro: MicroBatch) => Promise<DeviceArray>;

/**
 * Reads and stores the weights of a program in the order of computation.
 * @returns what runs a micro-batch through it: one upload, kernels, one readback
 */
export async function prepareProgram(
  program: Program,
  device: ComputeDevice,
  weights: DeviceWeights,
): Promise<(given: readonly Tensor[]) => Promise<Tensor[]>> {
  const kernels = new StageKernels(device);
  const steps: { readonly output: Value; readonly run: RunStep }[] = [];
  for (const step of program.steps) {
    steps.push({ output: step.output, run: await lower(step, kernels, weights) });
  }
  return async (given) => {
    const { tensors, sizes } = checkStageInputs(program, given);
    const micro = uploadInputs(program, { tensors, sizes }, device);
    const values = new Map(floatInputs(program).map(({ name }) => [name, micro.input]));
    for (const { output, run } of steps) {
      values.set(output.name, await run(({ name }) => values.get(name)!, micro));
    }
    const computed = await readValues(program, values, micro, kernels, device);
    return program.outputs.map(({ name, dtype, shape, of, column }): Tensor => {
      if (dtype !== 'float32') return { ...tensors.get(of)!, data: tensors.get(of)!.data.slice() } as Tensor;
      const { data, columns } = computed.get(of)!;
      const picked = column === undefined ? data : data.filter((_, k) => k % columns === column);
      return { name, dtype, shape: sized(shape, sizes), data: picked };
    });
  };
}

async function lower(step: Step, kernels: StageKernels, weights: DeviceWeights): Promise<RunStep> {
  switch (step.op) {
    case 'embed': {
      const [first, ...others] = step.tables;
      const stored = [await weights.panels(first!.table)];
      for (const { table } of others) stored.push(await weights.array(table));
      while (stored.length < MOST_TABLES) stored.push(await weights.zeros(columnsOf(step.output)));
      return (_, micro) => kernels.embed(step, stored, micro);
    }
    case 'linear': {
      const layer = await weights.linear(step);
      return (of, micro) => kernels.linear(step, of(step.input), layer, micro);
    }
    case 'norm': {
      const norm = await weights.norm(step);
      return (of, micro) => kernels.norm(step.name, of(step.input), norm, rowsOf(step.output, micro));
    }
    case 'attend': {
      const projections = await weights.linear(step.query, step.key, step.value);
      return (of, micro) => kernels.attend(step, of(step.input), projections, micro);
    }
    case 'addNorm': {
      const parameters = { layer: await weights.linear(step), norm: await weights.norm(step.norm) };
      return (of, micro) => {
        const values = { x: of(step.input), residual: of(step.residual) };
        return kernels.addNorm(step, values, parameters, micro);
      };
    }
    case 'first':
      return (of, micro) => kernels.first(step, of(step.input), micro);
    case 'gather':
      return (of, micro) => kernels.gather(step, of(step.input), micro);
  }
}

/** The values that outputs are made of, read at once: several are joined on the device. */
async function readValues(
  program: Program,
  values: ReadonlyMap<string, DeviceArray>,
  { sizes }: MicroBatch,
  kernels: StageKernels,
  device: ComputeDevice,
): Promise<ReadonlyMap<string, { readonly data: Float32Array; readonly columns: number }>> {
  const wanted = new Set(program.outputs.flatMap(({ dtype, of }) => (dtype === 'float32' ? of : [])));
  const all = [...floatInputs(program), ...program.steps.map(({ output }) => output)];
  const shapes = new Map<string, Value>(all.map((value) => [value.name, value]));
  const parts = [...wanted].map((name) => {
    const value = shapes.get(name)!;
    const length = elementsOf(sized(value.shape, sizes));
    return { name, array: values.get(name)!, length, columns: columnsOf(value) };
  });
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const read = await device.read(await kernels.join(parts), length);
  let end = 0;
  return new Map(
    parts.map(({ name, length, columns }) => {
      end += length;
      return [name, { data: parts.length === 1 ? read : read.slice(end - length, end), columns }];
    }),
  );
}
