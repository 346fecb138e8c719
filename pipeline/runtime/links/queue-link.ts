import type { Tensor } from '../../../ipu-config/base/tensor.js';
import { processClock } from './clock.js';
import {
  noMicroBatch,
  pack,
  tensorOn,
  type Link,
  type Packed,
  type Parcel,
  type PassageTimes,
} from './link.js';

interface Slot {
  parcel: (Parcel & { readonly microBatch: number }) | undefined;
  freedNs: number;
  /** Grows to the largest micro-batch that came. */
  buffer: ArrayBuffer;
}

/** A link within one thread: slots in plain memory. */
export class QueueLink implements Link {
  readonly capacityBytes: number;
  readonly #slots: readonly Slot[];

  constructor(slots: number, capacityBytes: number) {
    this.capacityBytes = capacityBytes;
    this.#slots = Array.from({ length: slots }, () => ({
      parcel: undefined,
      freedNs: 0,
      buffer: new ArrayBuffer(0),
    }));
  }

  get bytes(): number {
    return this.#slots.length * this.capacityBytes;
  }

  get hasCredit(): boolean {
    return this.#free() !== undefined;
  }

  get creditNs(): number {
    return this.#free()?.freedNs ?? 0;
  }

  pack(tensors: readonly Tensor[]): Packed {
    return pack(tensors, this.capacityBytes);
  }

  put(microBatch: number, { tensors }: Packed, times: PassageTimes): number {
    const slot = this.#free();
    if (slot === undefined) throw new RangeError('a link without credit was put to');
    const bytes = tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (slot.buffer.byteLength < bytes) slot.buffer = new ArrayBuffer(bytes);
    let offset = 0;
    const copies = tensors.map((tensor) => {
      const copy = tensorOn(tensor, slot.buffer, offset, tensor.data.length);
      copy.data.set(tensor.data);
      offset += copy.data.byteLength;
      return copy;
    });
    const { acceptedNs, startedNs } = times;
    const filledNs = processClock.nowNs();
    slot.parcel = { microBatch, tensors: copies, acceptedNs, startedNs, filledNs };
    return filledNs;
  }

  has(microBatch: number): boolean {
    return this.#slotOf(microBatch) !== undefined;
  }

  take(microBatch: number): Parcel {
    const parcel = this.#slotOf(microBatch)?.parcel;
    if (parcel === undefined) throw noMicroBatch(microBatch);
    return parcel;
  }

  release(microBatch: number, atNs: number): void {
    const slot = this.#slotOf(microBatch);
    if (slot === undefined) return;
    slot.parcel = undefined;
    slot.freedNs = atNs;
  }

  microBatches(): number[] {
    return this.#slots.flatMap(({ parcel }) => (parcel === undefined ? [] : [parcel.microBatch]));
  }

  clear(): void {
    for (const slot of this.#slots) Object.assign(slot, { parcel: undefined, freedNs: 0 });
  }

  #free(): Slot | undefined {
    return this.#slots.find(({ parcel }) => parcel === undefined);
  }

  #slotOf(microBatch: number): Slot | undefined {
    return this.#slots.find(({ parcel }) => parcel?.microBatch === microBatch);
  }
}
