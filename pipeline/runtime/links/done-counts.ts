import { WHOLE_STAGE } from '../../schedule/action.js';
import type { Op } from '../../schedule/op-table.js';
import type { ReplicaShape } from './replica.js';

/**
 * Which actions of an endless stream are done, in bounded memory: for each op, stage and place in a call, in how many
 * calls it is. A rank does one call after another, so that is one number, which only grows and has one writer.
 */
export class DoneCounts {
  readonly #shape: ReplicaShape;
  /** Place of each op among those that the schedule has. */
  readonly #ops: Readonly<Partial<Record<Op, number>>>;
  readonly #counts: Int32Array;

  /** How many counts a replica has. */
  static length({ ops, stageToRank, callSize }: ReplicaShape): number {
    return ops.length * stageToRank.length * callSize;
  }

  /** @param counts `length` of them, in memory of any kind */
  constructor(shape: ReplicaShape, counts: Int32Array) {
    this.#shape = shape;
    this.#ops = Object.fromEntries(shape.ops.map((op, at) => [op, at]));
    this.#counts = counts;
  }

  has(op: Op, stage: number, microBatch: number): boolean {
    const at = this.#index(op, stage, microBatch);
    return at !== undefined && Atomics.load(this.#counts, at) > this.#call(microBatch);
  }

  add(op: Op, stage: number, microBatch: number): void {
    const at = this.#index(op, stage, microBatch);
    if (at !== undefined) Atomics.store(this.#counts, at, this.#call(microBatch) + 1);
  }

  clear(): void {
    this.#counts.fill(0);
  }

  /** Actions of a whole stage count down from `WHOLE_STAGE`, call by call. */
  #call(microBatch: number): number {
    return microBatch < 0 ? WHOLE_STAGE - microBatch : Math.floor(microBatch / this.#shape.callSize);
  }

  #index(op: Op, stage: number, microBatch: number): number | undefined {
    const { stageToRank, callSize } = this.#shape;
    const at = this.#ops[op];
    if (at === undefined) return undefined;
    return (at * stageToRank.length + stage) * callSize + (microBatch < 0 ? 0 : microBatch % callSize);
  }
}
