import { Float16Array } from '@petamoriken/float16';
import type { WeightDtype } from './dtype.js';

/**
 * Writes stored elements to `target` from `at` on. float16 and bfloat16 widen without loss; float64 is rounded
 * once to the nearest float32, as upstream rounds when it loads in float32.
 * @param bytes whole elements, little-endian; begins at an even address
 */
export function widen(
  dtype: Exclude<WeightDtype, 'F32'>,
  bytes: Uint8Array,
  target: Float32Array,
  at: number,
): void {
  if (dtype === 'F64') {
    const doubles = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < bytes.byteLength / 8; i++) target[at + i] = doubles.getFloat64(8 * i, true);
    return;
  }
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const words = new Uint32Array(target.buffer, target.byteOffset + 4 * at, halves.length);
  if (dtype === 'BF16') {
    // bfloat16 is the upper half of a float32.
    for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
    return;
  }
  const table = (halfBits ??= halfTable());
  for (let i = 0; i < halves.length; i++) words[i] = table[halves[i]!]!;
}

/** The float32 bits of all 65 536 halves, made once per thread. */
let halfBits: Uint32Array | undefined;

function halfTable(): Uint32Array {
  const halves = new Float16Array(Uint16Array.from({ length: 0x10000 }, (_, bits) => bits).buffer);
  return new Uint32Array(Float32Array.from(halves).buffer);
}
