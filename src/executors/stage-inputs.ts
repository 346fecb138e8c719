import { InputError } from '../../ipu-config/base/errors.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import { sizeOf, type Program, type Sizes } from '../models/program.js';
import type { Dimension } from '../models/steps.js';

/** The tensors of a micro-batch, and the sizes that it has. */
export interface StageInputs {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly sizes: Sizes;
}

/**
 * Checks that a stage was given the tensors that its program takes.
 * @throws InputError that names the tensor, its shape and what it must be.
 */
export function checkStageInputs(
  { inputs, longestSequence }: Program,
  given: readonly Tensor[],
): StageInputs {
  const tensors = new Map<string, Tensor>();
  const sizes: Record<string, number> = {};
  for (const { name, dtype, shape, below } of inputs) {
    const tensor = find(given, name, dtype);
    if (shape.some((d) => !hasSize(d, sizes))) {
      const isWhole = tensor.shape.length === shape.length && tensor.shape.every((d) => d > 0);
      if (!isWhole) {
        throw new InputError(
          `${name} has shape [${tensor.shape.join(', ')}]; it must be [${shape.join(', ')}].`,
        );
      }
      shape.forEach((d, at) => {
        if (typeof d === 'string') sizes[d] ??= tensor.shape[at]!;
      });
      checkLength(sizes, longestSequence);
    }
    expectShape(tensor, shape, sizes);
    if (below !== undefined) expectBelow(tensor, sizeOf(below, sizes));
    tensors.set(name, tensor);
  }
  return { tensors, sizes };
}

function hasSize(d: Dimension, sizes: Sizes): boolean {
  return typeof d === 'number' || sizes[d] !== undefined;
}

function checkLength({ sequence }: Sizes, longest: number): void {
  if (sequence === undefined || sequence <= longest) return;
  throw new InputError(`the sequence length ${sequence} is more than the model's ${longest} positions.`);
}

function find(inputs: readonly Tensor[], name: string, dtype: string): Tensor {
  const found = inputs.find((tensor) => tensor.name === name);
  if (found?.dtype === dtype) return found;
  const given = inputs.map((tensor) => `${tensor.name} (${tensor.dtype})`).join(', ') || 'nothing';
  throw new InputError(`the stage needs a ${dtype} tensor ${name}; it was given ${given}.`);
}

function expectShape({ name, shape, data }: Tensor, expected: readonly Dimension[], sizes: Sizes): void {
  const isRight =
    shape.length === expected.length && expected.every((d, at) => shape[at] === sizeOf(d, sizes));
  if (isRight && data.length === shape.reduce((product, d) => product * d, 1)) return;
  const right = expected.map((d) => sizeOf(d, sizes)).join(', ');
  throw new InputError(
    `${name} has shape [${shape.join(', ')}] and ${data.length} elements; it must be [${right}].`,
  );
}

/** A row outside of an embedding table would be read as garbage or crash the library. */
function expectBelow({ name, shape, data }: Tensor, bound: number): void {
  const at = data.findIndex((id: number) => id < 0 || id >= bound);
  if (at < 0) return;
  const sequence = shape[1]!;
  throw new InputError(
    `${name}[${Math.floor(at / sequence)}, ${at % sequence}] is ${data[at]}; it must lie in 0 … ${bound - 1}.`,
  );
}
