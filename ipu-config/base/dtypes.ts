interface DtypeRow {
  readonly bits: number;
  /** The name in the headers of safetensors files. */
  readonly safetensors: string;
  /** torch's class of typed memory. */
  readonly torch?: string;
  /** Number in ONNX's `TensorProto.DataType`. */
  readonly onnx?: number;
  /** Where JavaScript has one. */
  readonly array?: TypedArrayOf;
}

type TypedArrayOf = new (buffer: ArrayBufferLike, offset?: number, length?: number) => ArrayBufferView;

/** The types of numbers that tensors and files have. */
export const DTYPES = {
  bool: { bits: 8, safetensors: 'BOOL', torch: 'BoolStorage', onnx: 9, array: Uint8Array },
  float4: { bits: 4, safetensors: 'F4' },
  float6_e2m3: { bits: 6, safetensors: 'F6_E2M3' },
  float6_e3m2: { bits: 6, safetensors: 'F6_E3M2' },
  uint8: { bits: 8, safetensors: 'U8', torch: 'ByteStorage', onnx: 2, array: Uint8Array },
  int8: { bits: 8, safetensors: 'I8', torch: 'CharStorage', onnx: 3, array: Int8Array },
  float8_e5m2: { bits: 8, safetensors: 'F8_E5M2', onnx: 19 },
  float8_e4m3: { bits: 8, safetensors: 'F8_E4M3', onnx: 17 },
  float8_e5m2fnuz: { bits: 8, safetensors: 'F8_E5M2FNUZ', onnx: 20 },
  float8_e4m3fnuz: { bits: 8, safetensors: 'F8_E4M3FNUZ', onnx: 18 },
  float8_e8m0: { bits: 8, safetensors: 'F8_E8M0' },
  int16: { bits: 16, safetensors: 'I16', torch: 'ShortStorage', onnx: 5, array: Int16Array },
  uint16: { bits: 16, safetensors: 'U16', onnx: 4, array: Uint16Array },
  float16: { bits: 16, safetensors: 'F16', torch: 'HalfStorage', onnx: 10 },
  bfloat16: { bits: 16, safetensors: 'BF16', torch: 'BFloat16Storage', onnx: 16 },
  int32: { bits: 32, safetensors: 'I32', torch: 'IntStorage', onnx: 6, array: Int32Array },
  uint32: { bits: 32, safetensors: 'U32', onnx: 12, array: Uint32Array },
  float32: { bits: 32, safetensors: 'F32', torch: 'FloatStorage', onnx: 1, array: Float32Array },
  complex64: { bits: 64, safetensors: 'C64', torch: 'ComplexFloatStorage', onnx: 14 },
  float64: { bits: 64, safetensors: 'F64', torch: 'DoubleStorage', onnx: 11, array: Float64Array },
  int64: { bits: 64, safetensors: 'I64', torch: 'LongStorage', onnx: 7, array: BigInt64Array },
  uint64: { bits: 64, safetensors: 'U64', onnx: 13, array: BigUint64Array },
} as const satisfies Readonly<Record<string, DtypeRow>>;

/** A type by the name that PyTorch and NumPy give it. */
export type TensorDtype = keyof typeof DTYPES;

/** Bytes of so many numbers that lie one after another. */
export function bytesOf(dtype: TensorDtype, elements: number): number {
  return (DTYPES[dtype].bits * elements) / 8;
}
