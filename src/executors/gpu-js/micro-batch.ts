import { sized, type Program, type ProgramInput } from '../../models/program.js';
import type { Step, Value } from '../../models/steps.js';
import { elementsOf } from '../../../ipu-config/base/tensor-spec.js';
import type { StageInputs } from '../stage-inputs.js';
import { tableRows } from '../table-rows.js';
import type { ComputeDevice, DeviceArray } from './device.js';

/** The micro-batch that is on the device. */
export interface MicroBatch {
  readonly batch: number;
  readonly sequence: number;
  readonly sizes: StageInputs['sizes'];
  /** The array with all inputs. */
  readonly input: DeviceArray;
  /** Where in it each whole-number input of a step begins, and the rows of an embedding's tables by its value's name. */
  readonly at: ReadonlyMap<string, number>;
}

/** Tables of one embedding: a kernel adds up that many. */
export const MOST_TABLES = 3;

/**
 * All inputs as one array of float32, so that they are one upload; whole numbers are exact below 2²⁴. A float32 input
 * comes first, so that the array can stand for it.
 */
export function uploadInputs(program: Program, inputs: StageInputs, device: ComputeDevice): MicroBatch {
  const { tensors, sizes } = inputs;
  const { batch, sequence } = sizes as { batch: number; sequence: number };
  const parts: { readonly name: string; readonly data: Float32Array | Int32Array }[] = [];
  for (const { name } of floatInputs(program)) parts.push({ name, data: tensors.get(name)!.data });
  for (const step of program.steps) {
    if (step.op !== 'embed') continue;
    for (let table = 0; table < MOST_TABLES; table++) {
      const lookup = step.tables[table];
      const data = lookup ? tableRows(lookup.rows, inputs) : new Int32Array(batch * sequence);
      parts.push({ name: table === 0 ? step.output.name : '', data });
    }
  }
  for (const name of new Set(program.steps.flatMap(readByKernels))) {
    parts.push({ name, data: tensors.get(name)!.data });
  }
  const packed = new Float32Array(parts.reduce((sum, { data }) => sum + data.length, 0));
  const at = new Map<string, number>();
  let end = 0;
  for (const { name, data } of parts) {
    packed.set(data, end);
    at.set(name, end);
    end += data.length;
  }
  return { batch, sequence, sizes, input: device.upload(packed), at };
}

/** Rows of a value: the product of all its sizes but the last. */
export function rowsOf({ shape }: Value, { sizes }: MicroBatch): number {
  return elementsOf(sized(shape.slice(0, -1), sizes));
}

export function floatInputs({ inputs }: Program): readonly ProgramInput[] {
  return inputs.filter(({ dtype }) => dtype === 'float32');
}

function readByKernels(step: Step): string[] {
  if (step.op === 'attend') return [step.mask];
  return step.op === 'gather' ? [step.positions] : [];
}
