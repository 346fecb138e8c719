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

/** A memory, its contents in both types, and its bytes, for which modules must be assembled. */
interface MemoryView {
  readonly memory: WasmLinearMemory;
  readonly floats: Float32Array;
  readonly integers: Int32Array;
  readonly totalBytes: number;
}

/**
 * One WebAssembly memory for all arrays of a stage. It grows by a new memory into which all is copied, since gpu.js's
 * modules are compiled for a memory of one size; that happens when a micro-batch is larger than those before.
 */
export class WasmMemory {
  #now = viewOf(0, 1, 0);
  #used = 0;
  readonly #regions = new Set<Region>();

  /**
   * @param reserveBytes room for what is known to come; the system gives it only as it is used.
   * @throws InputError as `allocate` does.
   */
  constructor(reserveBytes: number) {
    this.#renew(reserveBytes);
  }

  /** Until the next array is allocated. */
  get now(): MemoryView {
    return this.#now;
  }

  /** @throws InputError when the memory would be larger than a WebAssembly module addresses. */
  allocate(bytes: number): Region {
    const region: Region = { offset: align(this.#used), bytes };
    if (region.offset + bytes > this.#now.totalBytes) this.#renew(bytes);
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
    this.#used = 0;
    this.#now = viewOf(0, 1, 0);
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
    const next = viewOf(pages, Math.max(pages, LEAST_MAXIMUM_PAGES), totalBytes);
    this.#used = 0;
    for (const region of this.#regions) {
      const from = region.offset / 4;
      next.floats.set(this.#now.floats.subarray(from, from + Math.ceil(region.bytes / 4)), this.#used / 4);
      region.offset = this.#used;
      this.#used += align(region.bytes);
    }
    this.#now = next;
  }
}

function viewOf(initial: number, maximum: number, totalBytes: number): MemoryView {
  const memory = new wasm.Memory({ initial, maximum });
  const { buffer } = memory;
  return { memory, floats: new Float32Array(buffer), integers: new Int32Array(buffer), totalBytes };
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
