import type { Tensor } from '../../ipu-config/base/tensor.js';
import { nowNs } from './links/bell.js';
import type { ReplicaMemory } from './links/replica-memory.js';

/** What became of one micro-batch. */
export interface RunResult {
  /** Number in the run's inputs, from 0. */
  readonly index: number;
  readonly replica: number;
  /** Number of the call that it was part of, from 0. */
  readonly call: number;
  /** The last stage's outputs, in memory of their own. */
  readonly tensors: readonly Tensor[];
  /** From the start of stage 0 to the end of the last stage, nanoseconds. */
  readonly latencyNs: number;
  /** From the copy into the first slot to the start of stage 0, nanoseconds. */
  readonly queueNs: number;
}

/**
 * Takes results out of the slots of the last link, in the order of the inputs. A result stays in its slot until
 * the caller asks for it: that is the bound on results that nobody takes.
 */
export class ResultQueue {
  readonly #memories: readonly ReplicaMemory[];
  readonly #callSize: number;
  /** Results that came before an earlier one, which may need their slot: only with schedules that change the order. */
  readonly #early = new Map<number, RunResult>();
  #next = 0;

  constructor(memories: readonly ReplicaMemory[], microBatchesPerReplica: number) {
    this.#memories = memories;
    this.#callSize = microBatchesPerReplica * memories.length;
  }

  /** Number of the result that comes next. */
  get next(): number {
    return this.#next;
  }

  /** The next result, if it is there. */
  take(): RunResult | undefined {
    const result = this.#early.get(this.#next) ?? this.#fromSlot(this.#next);
    if (result === undefined) {
      this.#makeRoom();
      return undefined;
    }
    this.#early.delete(this.#next);
    this.#next++;
    return result;
  }

  /** Nothing lies in the slots that is next: what lies there came too early. */
  #makeRoom(): void {
    const replicas = this.#memories.length;
    const replica = this.#next % replicas;
    const memory = this.#memories[replica];
    if (memory === undefined) return;
    const ring = memory.ring(memory.stages);
    const there = ring.microBatches();
    // It may have come this very moment.
    if (ring.slotOf(Math.floor(this.#next / replicas)) >= 0) return;
    for (const microBatch of there) {
      const index = microBatch * replicas + replica;
      const result = this.#fromSlot(index);
      if (result !== undefined) this.#early.set(index, result);
    }
  }

  #fromSlot(index: number): RunResult | undefined {
    const replicas = this.#memories.length;
    const replica = index % replicas;
    const memory = this.#memories[replica];
    if (memory === undefined) return undefined;
    const ring = memory.ring(memory.stages);
    const slot = ring.slotOf(Math.floor(index / replicas));
    if (slot < 0) return undefined;
    const { tensors, acceptedNs, startedNs, filledNs } = ring.read(slot);
    const result = {
      index,
      replica,
      call: Math.floor(index / this.#callSize),
      tensors: tensors.map(ownMemory),
      latencyNs: filledNs - startedNs,
      queueNs: startedNs - acceptedNs,
    };
    ring.release(slot, nowNs());
    memory.ringProducer(memory.stages);
    return result;
  }
}

/** A copy: `slice` of a view on shared memory gives memory that is not shared. */
export function ownMemory(tensor: Tensor): Tensor {
  return tensor.dtype === 'float32'
    ? { ...tensor, data: tensor.data.slice() }
    : { ...tensor, data: tensor.data.slice() };
}
