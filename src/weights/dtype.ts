/** Bits per element of every type that safetensors files name. */
const BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E5M2FNUZ: 8,
  F8_E4M3FNUZ: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export type Dtype = keyof typeof BITS;
export const DTYPES = Object.keys(BITS) as readonly Dtype[];

/** Types whose values are weights as they stand; the others are indices, flags, or need a scale. */
export const WEIGHT_DTYPES = ['F32', 'F16', 'BF16', 'F64'] as const;
export type WeightDtype = (typeof WEIGHT_DTYPES)[number];

export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(BITS, name);
}

export function isWeightDtype(dtype: Dtype): dtype is WeightDtype {
  return (WEIGHT_DTYPES as readonly Dtype[]).includes(dtype);
}

export function bitsOf(dtype: Dtype): number {
  return BITS[dtype];
}
