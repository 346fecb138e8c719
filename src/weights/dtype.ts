import { DTYPES, type TensorDtype } from '../../ipu-config/base/dtypes.js';

/** A type by the name that safetensors files give it. */
export type Dtype = (typeof DTYPES)[TensorDtype]['safetensors'];

const NAMES = new Map(
  (Object.keys(DTYPES) as TensorDtype[]).map((name) => [DTYPES[name].safetensors as string, name]),
);
export const FILE_DTYPES = [...NAMES.keys()];

/** Types whose values are weights as they stand; the others are indices, flags, or need a scale. */
export const WEIGHT_DTYPES = ['F32', 'F16', 'BF16', 'F64'] as const;
export type WeightDtype = (typeof WEIGHT_DTYPES)[number];

export function isDtype(name: unknown): name is Dtype {
  return NAMES.has(name as string);
}

export function isWeightDtype(dtype: Dtype): dtype is WeightDtype {
  return (WEIGHT_DTYPES as readonly Dtype[]).includes(dtype);
}

export function dtypeOf(dtype: Dtype): TensorDtype {
  return NAMES.get(dtype)!;
}

export function bitsOf(dtype: Dtype): number {
  return DTYPES[dtypeOf(dtype)].bits;
}
