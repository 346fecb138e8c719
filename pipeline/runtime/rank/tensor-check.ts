import type { Tensor } from '../../../ipu-config/base/tensor.js';

const ARRAYS: Readonly<Record<string, string>> = { float32: 'Float32Array', int32: 'Int32Array' };

/** What is wrong with something that should be a list of tensors; undefined when nothing is. */
export function tensorProblem(value: unknown): string | undefined {
  if (!Array.isArray(value)) return `an array of tensors was expected, not ${kindOf(value)}`;
  for (const [position, tensor] of value.entries()) {
    const problem = oneProblem(tensor as Partial<Tensor> | null | undefined);
    if (problem !== undefined) return `tensor ${position}${nameOf(tensor)}: ${problem}`;
  }
  return undefined;
}

function oneProblem(tensor: Partial<Tensor> | null | undefined): string | undefined {
  if (typeof tensor !== 'object' || tensor === null) return `an object was expected, not ${kindOf(tensor)}`;
  const { name, dtype, data } = tensor;
  const shape: readonly unknown[] | undefined = tensor.shape;
  if (typeof name !== 'string') return 'its name is not a string';
  const array = ARRAYS[String(dtype)];
  if (array === undefined) return `its dtype is ${String(dtype)}, not float32 or int32`;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)) {
    return `its shape ${JSON.stringify(shape)} is not a list of whole numbers`;
  }
  if (kindOf(data) !== array) return `its dtype ${String(dtype)} needs a ${array}, not ${kindOf(data)}`;
  const length = shape.reduce((product: number, size) => product * (size as number), 1);
  if (data?.length !== length) {
    return `its shape [${shape.join(', ')}] needs ${length} elements, and its data has ${data?.length}`;
  }
  return undefined;
}

function nameOf(tensor: unknown): string {
  const name = (tensor as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' ? ` (${name})` : '';
}

function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
