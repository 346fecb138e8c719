import type { Tensor } from '../../../ipu-config/base/tensor.js';

/** Room for the names, types and shapes of a slot's tensors. */
export const META_BYTES = 4096;

export interface TensorMeta {
  readonly name: string;
  readonly dtype: Tensor['dtype'];
  readonly shape: readonly number[];
}

/** When a micro-batch passed; nanoseconds of the reader's clock. */
export interface PassageTimes {
  /** The host put it into the first slot. */
  readonly acceptedNs: number;
  /** Stage 0 began with it. */
  readonly startedNs: number;
}

/** What lies in a slot. */
export interface Parcel extends PassageTimes {
  /** Valid until the slot is released; whoever takes them must neither keep nor change them. */
  readonly tensors: readonly Tensor[];
  /** They were there. */
  readonly filledNs: number;
}

/** Tensors with their metadata as it is written. */
export interface Packed {
  readonly tensors: readonly Tensor[];
  readonly meta: string;
  /** Why they don't fit into a slot, with both sizes. */
  readonly overflow: string | undefined;
}

/**
 * What leads from one stage (or the host) to its neighbour: a bounded number of slots, each with the tensors of one
 * micro-batch. One side only puts, when it has credit; the other only takes and releases, which gives the credit
 * back. Where the slots lie is nobody's business but the link's, and `put` and `take` may therefore be promises.
 *
 * A link wakes nobody: who has put or released says so to the `Control` when it is done with the action.
 */
export interface Link {
  readonly capacityBytes: number;
  /** Memory that its slots take, at most. */
  readonly bytes: number;
  /** A slot is free for the next `put`. */
  readonly hasCredit: boolean;
  /** When the slot of the next `put` was last emptied; 0 for never. */
  readonly creditNs: number;
  /** Makes tensors ready for `put`, or says why they don't fit. */
  pack(tensors: readonly Tensor[]): Packed;
  /** Copies tensors that fit into a free slot. @returns when they were there */
  put(microBatch: number, packed: Packed, times: PassageTimes): number | Promise<number>;
  has(microBatch: number): boolean;
  /** @throws RangeError when the micro-batch is not there */
  take(microBatch: number): Parcel | Promise<Parcel>;
  /** The slot of a micro-batch is free again. */
  release(microBatch: number, atNs: number): void;
  /** Micro-batches that lie in the slots. */
  microBatches(): number[];
  /** Forgets what lies in the slots; only while neither side works. */
  clear(): void;
}

/** @param capacityBytes of a slot */
export function pack(tensors: readonly Tensor[], capacityBytes: number): Packed {
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
  const meta = JSON.stringify(tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })));
  const metaBytes = Buffer.byteLength(meta);
  const overflow =
    bytes > capacityBytes
      ? `${bytes} bytes, and a slot holds ${capacityBytes} bytes`
      : metaBytes > META_BYTES
        ? `${metaBytes} bytes of names and shapes, and a slot has room for ${META_BYTES} bytes of them`
        : undefined;
  return { tensors, meta, overflow };
}

/** A tensor on `length` elements of a buffer. Its shape is a copy: the reader may do with it what it likes. */
export function tensorOn(
  { name, dtype, shape }: TensorMeta,
  buffer: ArrayBufferLike,
  offset: number,
  length = shape.reduce((product, size) => product * size, 1),
): Tensor {
  return dtype === 'float32'
    ? { name, dtype, shape: [...shape], data: new Float32Array(buffer, offset, length) }
    : { name, dtype, shape: [...shape], data: new Int32Array(buffer, offset, length) };
}

export function noMicroBatch(microBatch: number): RangeError {
  return new RangeError(`micro-batch ${microBatch} lies in no slot of the link`);
}

/** A copy: `slice` of a view on shared memory gives memory that is not shared. */
export function ownMemory(tensor: Tensor): Tensor {
  return tensor.dtype === 'float32'
    ? { ...tensor, data: tensor.data.slice() }
    : { ...tensor, data: tensor.data.slice() };
}
