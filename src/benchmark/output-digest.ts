import { createHash } from 'node:crypto';
import type { Tensor } from '../../ipu-config/base/tensor.js';

/** SHA-256 over names, shapes and bits of results in order: equal digests mean identical bits. */
export class OutputDigest {
  readonly #hash = createHash('sha256');

  add(tensors: readonly Tensor[]): void {
    for (const { name, dtype, shape, data } of tensors) {
      this.#hash.update(`${name}:${dtype}:${shape.join('x')};`);
      this.#hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }

  hex(): string {
    return this.#hash.digest('hex');
  }
}
