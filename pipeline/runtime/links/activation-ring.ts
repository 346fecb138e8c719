import type { Tensor } from '../../../ipu-config/base/tensor.js';

/** Room for the names, types and shapes of a slot's tensors. */
const META_BYTES = 4096;
const FREE = 0;
const FULL = 1;
/** Words of 8 bytes before a slot's metadata. */
const FIELDS = { microBatch: 0, acceptedNs: 1, startedNs: 2, filledNs: 3, freedNs: 4 } as const;
const HEADER_BYTES = 64;

interface TensorMeta {
  readonly name: string;
  readonly dtype: Tensor['dtype'];
  readonly shape: readonly number[];
}

/** When a micro-batch passed; nanoseconds of `nowNs`. */
export interface PassageTimes {
  /** The host put it into the first slot. */
  readonly acceptedNs: number;
  /** Stage 0 began with it. */
  readonly startedNs: number;
}

export interface SlotContents extends PassageTimes {
  /** Views on the slot: valid until it is released. */
  readonly tensors: readonly Tensor[];
  readonly filledNs: number;
}

/** Tensors with their metadata as it is written. */
export interface Packed {
  readonly tensors: readonly Tensor[];
  readonly meta: string;
  /** Why they don't fit into a slot, with both sizes. */
  readonly overflow: string | undefined;
}

interface Slot {
  readonly times: Float64Array;
  readonly meta: Buffer;
  readonly dataOffset: number;
  /** The metadata last read from this slot: shapes rarely change. */
  text: string;
  parsed: readonly TensorMeta[];
}

/**
 * The slots of one link (host → stage 0, stage j → stage j+1, last stage → host) in shared memory. One side only
 * fills, the other only empties, so each slot's state word is all the agreement that they need: everything written
 * before `FULL` is stored is seen by who reads it.
 */
export class ActivationRing {
  readonly capacityBytes: number;
  readonly #buffer: SharedArrayBuffer;
  readonly #states: Int32Array;
  readonly #metaLengths: Int32Array;
  readonly #slots: readonly Slot[];

  static bytes(slots: number, capacityBytes: number): number {
    return statesBytes(slots) + slots * slotBytes(capacityBytes);
  }

  /** @param buffer of `ActivationRing.bytes(slots, capacityBytes)`, all zero when new. */
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

  /** A free slot's number, or -1. */
  freeSlot(): number {
    for (let s = 0; s < this.#slots.length; s++) {
      if (Atomics.load(this.#states, s) === FREE) return s;
    }
    return -1;
  }

  /** The number of the slot that holds a micro-batch, or -1. */
  slotOf(microBatch: number): number {
    for (let s = 0; s < this.#slots.length; s++) {
      if (Atomics.load(this.#states, s) === FULL && this.#time(s, 'microBatch') === microBatch) return s;
    }
    return -1;
  }

  /** Micro-batches that lie in the slots. */
  microBatches(): number[] {
    return this.#slots.flatMap((_, s) =>
      Atomics.load(this.#states, s) === FULL ? [this.#time(s, 'microBatch')] : [],
    );
  }

  /** When the slot was last emptied; 0 for never. */
  freedNs(slot: number): number {
    return this.#time(slot, 'freedNs');
  }

  /** Makes tensors ready for `fill`, or says why they don't fit. */
  pack(tensors: readonly Tensor[]): Packed {
    const bytes = tensors.reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
    const meta = JSON.stringify(tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })));
    const metaBytes = Buffer.byteLength(meta);
    if (bytes > this.capacityBytes) {
      return { tensors, meta, overflow: `${bytes} bytes, and a slot holds ${this.capacityBytes} bytes` };
    }
    if (metaBytes > META_BYTES) {
      const overflow = `${metaBytes} bytes of names and shapes, and a slot has room for ${META_BYTES} bytes of them`;
      return { tensors, meta, overflow };
    }
    return { tensors, meta, overflow: undefined };
  }

  /** Copies tensors that fit into a free slot. @param clock is read when they are there. */
  fill(
    slot: number,
    microBatch: number,
    { tensors, meta }: Packed,
    times: PassageTimes,
    clock: () => number,
  ): void {
    const at = this.#at(slot);
    const fields = at.times;
    this.#metaLengths[slot] = at.meta.write(meta);
    let offset = at.dataOffset;
    for (const { dtype, data } of tensors) {
      const target =
        dtype === 'float32'
          ? new Float32Array(this.#buffer, offset, data.length)
          : new Int32Array(this.#buffer, offset, data.length);
      target.set(data);
      offset += data.byteLength;
    }
    fields[FIELDS.microBatch] = microBatch;
    fields[FIELDS.acceptedNs] = times.acceptedNs;
    fields[FIELDS.startedNs] = times.startedNs;
    fields[FIELDS.filledNs] = clock();
    Atomics.store(this.#states, slot, FULL);
  }

  read(slot: number): SlotContents {
    const at = this.#at(slot);
    const text = at.meta.toString('utf8', 0, this.#metaLengths[slot]);
    if (text !== at.text) {
      at.text = text;
      at.parsed = JSON.parse(text) as TensorMeta[];
    }
    let offset = at.dataOffset;
    const tensors = at.parsed.map(({ name, dtype, shape }): Tensor => {
      const length = shape.reduce((product, size) => product * size, 1);
      const from = offset;
      offset += length * 4;
      // Shapes are copied: the caller may do with them what it likes.
      return dtype === 'float32'
        ? { name, dtype, shape: [...shape], data: new Float32Array(this.#buffer, from, length) }
        : { name, dtype, shape: [...shape], data: new Int32Array(this.#buffer, from, length) };
    });
    return {
      tensors,
      acceptedNs: this.#time(slot, 'acceptedNs'),
      startedNs: this.#time(slot, 'startedNs'),
      filledNs: this.#time(slot, 'filledNs'),
    };
  }

  release(slot: number, atNs: number): void {
    this.#at(slot).times[FIELDS.freedNs] = atNs;
    Atomics.store(this.#states, slot, FREE);
  }

  /** Forgets what lies in the slots; only while neither side works. */
  clear(): void {
    for (let s = 0; s < this.#slots.length; s++) this.release(s, 0);
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
