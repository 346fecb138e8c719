import type { Tensor } from '../../ipu-config/base/tensor.js';
import { ownMemory } from './links/link.js';
import type { Replica } from './links/replica.js';

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
  readonly #replicas: readonly Replica[];
  readonly #callSize: number;
  /** Results that came before an earlier one, which may need their slot: only with schedules that change the order. */
  readonly #early = new Map<number, RunResult>();
  #next = 0;

  constructor(replicas: readonly Replica[], microBatchesPerReplica: number) {
    this.#replicas = replicas;
    this.#callSize = microBatchesPerReplica * replicas.length;
  }

  /** Number of the result that comes next. */
  get next(): number {
    return this.#next;
  }

  /** The next result, if it is there. */
  async take(): Promise<RunResult | undefined> {
    const result = this.#early.get(this.#next) ?? (await this.#fromSlot(this.#next));
    if (result === undefined) {
      await this.#makeRoom();
      return undefined;
    }
    this.#early.delete(this.#next);
    this.#next++;
    return result;
  }

  /** Nothing lies in the slots that is next: what lies there came too early. */
  async #makeRoom(): Promise<void> {
    const replicas = this.#replicas.length;
    const replica = this.#next % replicas;
    const output = this.#replicas[replica]?.output;
    if (output === undefined) return;
    const there = output.microBatches();
    // It may have come this very moment.
    if (output.has(Math.floor(this.#next / replicas))) return;
    for (const microBatch of there) {
      const index = microBatch * replicas + replica;
      const result = await this.#fromSlot(index);
      if (result !== undefined) this.#early.set(index, result);
    }
  }

  async #fromSlot(index: number): Promise<RunResult | undefined> {
    const replicas = this.#replicas.length;
    const number = index % replicas;
    const replica = this.#replicas[number];
    const microBatch = Math.floor(index / replicas);
    if (replica?.output.has(microBatch) !== true) return undefined;
    const { output, clock, control, stages } = replica;
    const { tensors, acceptedNs, startedNs, filledNs } = await output.take(microBatch);
    const result = {
      index,
      replica: number,
      call: Math.floor(index / this.#callSize),
      tensors: tensors.map(ownMemory),
      latencyNs: filledNs - startedNs,
      queueNs: startedNs - acceptedNs,
    };
    output.release(microBatch, clock.nowNs());
    control.wake(stages - 1);
    return result;
  }
}
