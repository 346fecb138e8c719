import type { Tensor } from '../../../ipu-config/base/tensor.js';
import { processClock } from './clock.js';
import {
  META_BYTES,
  noMicroBatch,
  pack,
  tensorOn,
  type Link,
  type Packed,
  type Parcel,
  type PassageTimes,
  type TensorMeta,
} from './link.js';

const FREE = 0;
const FULL = 1;
/** Words of 8 bytes before a slot's metadata. */
const FIELDS = { microBatch: 0, acceptedNs: 1, startedNs: 2, filledNs: 3, freedNs: 4 } as const;
const HEADER_BYTES = 64;

interface Slot {
  readonly times: Float64Array;
  readonly meta: Buffer;
  readonly dataOffset: number;
  /** The metadata last read from this slot: shapes rarely change. */
  text: string;
  parsed: readonly TensorMeta[];
}

/**
 * A link's slots in shared memory. One side only fills, the other only empties, so each slot's state word is all the
 * agreement that they need: everything written before `FULL` is stored is seen by who reads it.
 */
export class SharedLink implements Link {
  readonly capacityBytes: number;
  readonly #buffer: SharedArrayBuffer;
  readonly #states: Int32Array;
  readonly #metaLengths: Int32Array;
  readonly #slots: readonly Slot[];

  static bytes(slots: number, capacityBytes: number): number {
    return statesBytes(slots) + slots * slotBytes(capacityBytes);
  }

  /** @param buffer of `SharedLink.bytes(slots, capacityBytes)`, all zero when new. */
  constructor(buffer: SharedArrayBuffer, slots: number, capacityBytes: number) {
    this.capacityBytes = capacityBytes;
    this.#buffer = buffer;
    this.#states = new Int32Array(buffer, 0, slots);
    this.#metaLengths = new Int32Array(buffer, slots * 4, slots);
    this.#slots = Array.from({ length: slots }, (_, s) => {
      const offset = statesBytes(slots) + s * slotBytes(capacityBytes);
      return {
        times: new Float64Array(buffer, offset, Object.keys(FIELDS).length),
        meta: Buffer.from(buffer, offset + HEADER_BYTES, META_BYTES),
        dataOffset: offset + HEADER_BYTES + META_BYTES,
        text: '',
        parsed: [],
      };
    });
  }

  get bytes(): number {
    return this.#buffer.byteLength;
  }

  get hasCredit(): boolean {
    return this.#freeSlot() >= 0;
  }

  get creditNs(): number {
    return this.#time(this.#freeSlot(), 'freedNs');
  }

  has(microBatch: number): boolean {
    return this.#slotOf(microBatch) >= 0;
  }

  microBatches(): number[] {
    return this.#slots.flatMap((_, s) =>
      Atomics.load(this.#states, s) === FULL ? [this.#time(s, 'microBatch')] : [],
    );
  }

  pack(tensors: readonly Tensor[]): Packed {
    return pack(tensors, this.capacityBytes);
  }

  put(microBatch: number, { tensors, meta }: Packed, times: PassageTimes): number {
    const slot = this.#freeSlot();
    const at = this.#at(slot);
    const fields = at.times;
    this.#metaLengths[slot] = at.meta.write(meta);
    let offset = at.dataOffset;
    for (const tensor of tensors) {
      tensorOn(tensor, this.#buffer, offset, tensor.data.length).data.set(tensor.data);
      offset += tensor.data.byteLength;
    }
    const filledNs = processClock.nowNs();
    fields[FIELDS.microBatch] = microBatch;
    fields[FIELDS.acceptedNs] = times.acceptedNs;
    fields[FIELDS.startedNs] = times.startedNs;
    fields[FIELDS.filledNs] = filledNs;
    Atomics.store(this.#states, slot, FULL);
    return filledNs;
  }

  take(microBatch: number): Parcel {
    const slot = this.#slotOf(microBatch);
    if (slot < 0) throw noMicroBatch(microBatch);
    const at = this.#at(slot);
    const text = at.meta.toString('utf8', 0, this.#metaLengths[slot]);
    if (text !== at.text) {
      at.text = text;
      at.parsed = JSON.parse(text) as TensorMeta[];
    }
    let offset = at.dataOffset;
    const tensors = at.parsed.map((meta): Tensor => {
      const tensor = tensorOn(meta, this.#buffer, offset);
      offset += tensor.data.byteLength;
      return tensor;
    });
    return {
      tensors,
      acceptedNs: this.#time(slot, 'acceptedNs'),
      startedNs: this.#time(slot, 'startedNs'),
      filledNs: this.#time(slot, 'filledNs'),
    };
  }

  release(microBatch: number, atNs: number): void {
    const slot = this.#slotOf(microBatch);
    if (slot >= 0) this.#free(slot, atNs);
  }

  clear(): void {
    for (let s = 0; s < this.#slots.length; s++) this.#free(s, 0);
  }

  #free(slot: number, atNs: number): void {
    this.#at(slot).times[FIELDS.freedNs] = atNs;
    Atomics.store(this.#states, slot, FREE);
  }

  #freeSlot(): number {
    for (let s = 0; s < this.#slots.length; s++) {
      if (Atomics.load(this.#states, s) === FREE) return s;
    }
    return -1;
  }

  #slotOf(microBatch: number): number {
    for (let s = 0; s < this.#slots.length; s++) {
      if (Atomics.load(this.#states, s) === FULL && this.#time(s, 'microBatch') === microBatch) return s;
    }
    return -1;
  }

  #at(slot: number): Slot {
    const at = this.#slots[slot];
    if (at === undefined) throw new RangeError(`no slot ${slot}`);
    return at;
  }

  #time(slot: number, field: keyof typeof FIELDS): number {
    return this.#at(slot).times[FIELDS[field]] ?? 0;
  }
}

/** State and metadata length of each slot, in whole cache lines. */
function statesBytes(slots: number): number {
  return roundUp(slots * 8, 64);
}

function slotBytes(capacityBytes: number): number {
  return HEADER_BYTES + META_BYTES + roundUp(capacityBytes, 64);
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}
