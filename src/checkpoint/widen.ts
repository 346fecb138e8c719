import { Float16Array } from '@petamoriken/float16';
import { CheckpointError } from './checkpoint-error.js';

/**
 * Turns stored elements into float32. float16 and bfloat16 widen exactly; float64 is rounded once.
 * @throws CheckpointError for dtypes that are no floating-point weights.
 */
export function widen(raw: Uint8Array, dtype: string, what: string): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(aligned(raw, 4));
    case 'F16':
      return widenHalf(new Uint16Array(aligned(raw, 2)));
    case 'BF16':
      return widenBfloat(new Uint16Array(aligned(raw, 2)));
    case 'F64':
      return Float32Array.from(new Float64Array(aligned(raw, 8)));
    default:
      throw new CheckpointError(
        `${what} has the dtype ${dtype}; weights must be F32, F16, BF16 or F64. Convert the checkpoint to one of them.`,
      );
  }
}

/** Typed arrays begin at multiples of their element size; a part of a larger buffer may not. */
function aligned(raw: Uint8Array, elementBytes: number): ArrayBuffer {
  const whole = raw.byteOffset === 0 && raw.byteLength === raw.buffer.byteLength;
  if (whole && raw.byteLength % elementBytes === 0) return raw.buffer as ArrayBuffer;
  return raw.slice().buffer;
}

let halfValues: Float32Array | undefined;

/** By table: there are only 65 536 half-precision numbers. */
function widenHalf(bits: Uint16Array): Float32Array {
  halfValues ??= Float32Array.from(
    new Float16Array(Uint16Array.from({ length: 65_536 }, (_, i) => i).buffer),
  );
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = halfValues[bits[i]!]!;
  return values;
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length);
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return values;
}
