import { InputError } from '../../../ipu-config/base/errors.js';
import { wasm, type WasmLinearMemory } from './web-assembly.js';

const PAGE_BYTES = 65536;
/** gpu.js computes addresses as signed 32-bit numbers. */
const MAX_BYTES = 2 ** 31;
/** gpu.js declares its modules for a memory of this many pages beyond what they use, and at least 4096 at most. */
const SPARE_PAGES = 16;
const LEAST_MAXIMUM_PAGES = 4096;

/** A part of a `WasmMemory`, whose place changes when the memory is laid out anew. */
export interface Region {
  offset: number;
  bytes: number;
}

/**
 * One WebAssembly memory for all arrays of a stage. It grows by a new memory into which all is copied, since gpu.js's
 * modules are compiled for a memory of one size; that happens when a micro-batch is larger than those before.
 */
export class WasmMemory {
  #memory: WasmLinearMemory;
  #floats: Float32Array;
  #integers: Int32Array;
  #totalBytes = 0;
  #used = 0;
  readonly #regions = new Set<Region>();

  /**
   * @param reserveBytes room for what is known to come; the system gives it only as it is used.
   * @throws InputError as `allocate` does.
   */
  constructor(reserveBytes: number) {
    this.#memory = new wasm.Memory({ initial: 0, maximum: 1 });
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#integers = new Int32Array(this.#memory.buffer);
    this.#renew(reserveBytes);
  }

  get memory(): WasmLinearMemory {
    return this.#memory;
  }

  get floats(): Float32Array {
    return this.#floats;
  }

  get integers(): Int32Array {
    return this.#integers;
  }

  /** What modules must be assembled for. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** @throws InputError when the memory would be larger than a WebAssembly module addresses. */
  allocate(bytes: number): Region {
    const region: Region = { offset: align(this.#used), bytes };
    if (region.offset + bytes > this.#totalBytes) this.#renew(bytes);
    region.offset = align(this.#used);
    this.#used = region.offset + bytes;
    this.#regions.add(region);
    return region;
  }

  free(region: Region): void {
    this.#regions.delete(region);
  }

  /** Drops every array. */
  clear(): void {
    this.#regions.clear();
    this.#used = this.#totalBytes = 0;
    this.#memory = new wasm.Memory({ initial: 0, maximum: 1 });
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#integers = new Int32Array(this.#memory.buffer);
  }

  /** A memory with room for what is there, without gaps, and for `bytes` more, with a quarter to spare for them. */
  #renew(bytes: number): void {
    const held = [...this.#regions].reduce((sum, region) => sum + align(region.bytes), 0);
    const needed = held + align(bytes);
    if (needed > MAX_BYTES) {
      throw new InputError(
        `a stage needs ${needed} bytes, and gpu.js:webasm addresses at most ${MAX_BYTES}: put fewer layers on the ` +
          'stage, or use smaller micro-batches.',
      );
    }
    const totalBytes = Math.min(MAX_BYTES, needed + Math.max(1 << 20, Math.floor(needed / 4)));
    const pages = Math.ceil(totalBytes / PAGE_BYTES) + SPARE_PAGES;
    const memory = new wasm.Memory({ initial: pages, maximum: Math.max(pages, LEAST_MAXIMUM_PAGES) });
    const floats = new Float32Array(memory.buffer);
    this.#used = 0;
    for (const region of this.#regions) {
      const from = region.offset / 4;
      floats.set(this.#floats.subarray(from, from + Math.ceil(region.bytes / 4)), this.#used / 4);
      region.offset = this.#used;
      this.#used += align(region.bytes);
    }
    this.#memory = memory;
    this.#floats = floats;
    this.#integers = new Int32Array(memory.buffer);
    this.#totalBytes = totalBytes;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
