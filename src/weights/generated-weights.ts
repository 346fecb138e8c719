import type { WeightSource } from './weights.js';
import { elementsOf } from '../../ipu-config/base/tensor-spec.js';

/**
 * Weights made from a tensor's name alone: FNV-1a of the name seeds a murmur3-style mix of the flat index.
 * The rule and its constants are those of ../shared/bert/README.md §3, so that Hugging Face's own outputs for
 * them exist as goldens.
 */
export class GeneratedWeights implements WeightSource {
  readonly #seed: number;

  /** @param seed mixed into every name's hash; 0 gives the weights that the goldens are of. */
  constructor(seed = 0) {
    this.#seed = seed | 0;
  }

  has(): boolean {
    return true;
  }

  tensor(name: string, shape: readonly number[]): Promise<Float32Array> {
    const values = new Float32Array(elementsOf(shape));
    fill(values, fnv1a32(name) ^ this.#seed, distribution(name));
    return Promise.resolve(values);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** FNV-1a, 32 bits, over the UTF-8 bytes. */
function fnv1a32(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}

/**
 * Per index 24 well mixed bits u, and from them the published `centre + spread * (u * 2^-23 - 1)`, multiplied out: spreads are powers of two and u has 24 bits, so
 * every step is exact in float64 and only the store rounds, as before. The index times its odd constant is kept as a
 * running sum.
 */
function fill(values: Float32Array, seed: number, { centre, spread }: Distribution): void {
  const scale = spread * 2 ** -23;
  const offset = centre - spread;
  let weyl = 0;
  for (let i = 0; i < values.length; i++) {
    let x = weyl ^ seed;
    weyl = (weyl + 0x9e3779b1) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    values[i] = ((x ^ (x >>> 16)) >>> 8) * scale + offset;
  }
}

interface Distribution {
  readonly centre: number;
  readonly spread: number;
}

function distribution(name: string): Distribution {
  if (/layer_?norm\.weight$/i.test(name)) return { centre: 1, spread: 0.25 };
  if (name.endsWith('.bias')) return { centre: 0, spread: 0.0625 };
  if (name.includes('.attention.self.query.') || name.includes('.attention.self.key.')) {
    return { centre: 0, spread: 0.125 };
  }
  if (name.includes('.attention.output.dense.')) return { centre: 0, spread: 0.015625 };
  if (name.includes('.output.dense.')) return { centre: 0, spread: 0.03125 };
  return { centre: 0, spread: 0.0625 };
}
