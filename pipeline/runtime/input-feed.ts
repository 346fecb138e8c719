import { InputError } from '../../ipu-config/base/errors.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { Packed } from './links/activation-ring.js';
import { nowNs, type Bell } from './links/bell.js';
import { withinMs } from '../../ipu-config/base/bounded.js';
import type { ReplicaMemory } from './links/replica-memory.js';
import { ownMemory } from './result-queue.js';
import { tensorProblem } from './rank/tensor-check.js';

/** What a pipeline takes: one list of tensors for each micro-batch. */
export type PipelineInputs = Iterable<readonly Tensor[]> | AsyncIterable<readonly Tensor[]>;

type InputIterator = Iterator<readonly Tensor[]> | AsyncIterator<readonly Tensor[]>;

interface Waiting {
  readonly packed: Packed;
  readonly acceptedNs: number;
}

/** One replica's inputs between the caller and the slots of link 0. */
interface Lane {
  readonly memory: ReplicaMemory;
  /** Copies of inputs that came before stage 0's order wants them: none unless a schedule changes the order. */
  readonly early: Map<number, Waiting>;
  accepted: number;
  /** How many micro-batches were put into slots. */
  placed: number;
}

/**
 * Pulls the caller's inputs and puts them into the slots of link 0, replica by replica. An input is pulled only
 * when a slot is free for it (or stage 0 needs it before those that are there), so at most `slotsPerLink` per
 * replica are taken before stage 0 has ended with them.
 */
export class InputFeed {
  readonly #lanes: readonly Lane[];
  readonly #host: Bell;
  readonly #inputOrder: readonly number[];
  #iterator: InputIterator | undefined;
  #pulling = false;
  #stopped = false;
  #ended = false;
  accepted = 0;
  /** What the caller's iterable threw, or what was wrong with an input: the stream ends before it. */
  error: { readonly thrown: unknown } | undefined;

  constructor(memories: readonly ReplicaMemory[], host: Bell, inputOrder: readonly number[]) {
    this.#lanes = memories.map((memory) => ({ memory, early: new Map(), accepted: 0, placed: 0 }));
    this.#host = host;
    this.#inputOrder = inputOrder;
  }

  /** No more inputs will come: `accepted` is how many there are. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Feeds until the input ends or `stop`. Never rejects: see `error`. */
  async feed(inputs: PipelineInputs): Promise<void> {
    try {
      this.#iterator = iteratorOf(inputs);
      while (!this.#stopped) {
        const seen = this.#host.count;
        const lane = this.#lane(this.accepted);
        for (const each of this.#lanes) this.#place(each);
        if (!this.#wants(lane)) {
          await this.#host.wait(seen, 0);
          continue;
        }
        this.#pulling = true;
        const next = await this.#iterator.next();
        this.#pulling = false;
        if (this.#stopped) return;
        if (next.done) {
          this.#iterator = undefined;
          break;
        }
        this.#accept(lane, next.value);
      }
    } catch (thrown) {
      if (this.#pulling) this.#iterator = undefined;
      this.error = { thrown };
    }
    this.#pulling = false;
    if (!this.#stopped) await this.#end();
  }

  /** Tells the caller's iterator that no more is wanted; waits for its answer, within a bound, unless it is waited on. */
  async stop(boundMs: number): Promise<void> {
    this.#stopped = true;
    this.#host.ring();
    const iterator = this.#iterator;
    this.#iterator = undefined;
    if (iterator?.return === undefined) return;
    // An iterator that owes a value queues `return` behind it, perhaps for ever.
    const waitedOn = this.#pulling;
    const returned = (async () => iterator.return?.())();
    if (await withinMs(waitedOn ? 0 : boundMs, returned)) await returned;
  }

  async #end(): Promise<void> {
    const replicas = this.#lanes.length;
    this.#lanes.forEach(({ memory }, r) => memory.endInput(Math.ceil((this.accepted - r) / replicas)));
    this.#ended = true;
    for (const lane of this.#lanes) this.#place(lane);
    // In another order than they came, inputs may still wait for a slot.
    while (!this.#stopped && this.#lanes.some(({ early }) => early.size > 0)) {
      const seen = this.#host.count;
      for (const lane of this.#lanes) this.#place(lane);
      await this.#host.wait(seen, 0);
    }
    this.#host.ring();
  }

  #lane(index: number): Lane {
    const lane = this.#lanes[index % this.#lanes.length];
    if (lane === undefined) throw new RangeError('a pipeline without replicas');
    return lane;
  }

  #wants(lane: Lane): boolean {
    const free = lane.memory.ring(0).freeSlot() >= 0;
    return free && (lane.early.size === 0 || this.#nextToPlace(lane) >= lane.accepted);
  }

  /** The micro-batch that stage 0 takes after those that were placed. */
  #nextToPlace(lane: Lane): number {
    const callSize = this.#inputOrder.length;
    for (;;) {
      const firstOfCall = Math.floor(lane.placed / callSize) * callSize;
      const next = firstOfCall + (this.#inputOrder[lane.placed % callSize] ?? 0);
      // Past the end of the input the rest of the call is left out.
      if (next < lane.memory.total || firstOfCall >= lane.memory.total) return next;
      lane.placed++;
    }
  }

  #accept(lane: Lane, tensors: readonly Tensor[]): void {
    const index = this.accepted;
    const problem = tensorProblem(tensors);
    if (problem !== undefined) throw new InputError(`micro-batch ${index}: ${problem}`);
    const packed = lane.memory.ring(0).pack(tensors);
    if (packed.overflow !== undefined) {
      throw new InputError(
        `micro-batch ${index}: its inputs are ${packed.overflow}; raise inputBytes of the pipeline`,
      );
    }
    const waiting = { packed, acceptedNs: nowNs() };
    const microBatch = lane.accepted;
    if (this.#nextToPlace(lane) === microBatch) {
      this.#fill(lane, microBatch, waiting);
    } else {
      lane.early.set(microBatch, { ...waiting, packed: { ...packed, tensors: tensors.map(ownMemory) } });
    }
    lane.accepted++;
    this.accepted++;
  }

  /** Puts early inputs into free slots, in stage 0's order. */
  #place(lane: Lane): void {
    while (lane.early.size > 0 && lane.memory.ring(0).freeSlot() >= 0) {
      const microBatch = this.#nextToPlace(lane);
      const waiting = lane.early.get(microBatch);
      if (waiting === undefined) return;
      lane.early.delete(microBatch);
      this.#fill(lane, microBatch, waiting);
    }
  }

  #fill(lane: Lane, microBatch: number, { packed, acceptedNs }: Waiting): void {
    const ring = lane.memory.ring(0);
    ring.fill(ring.freeSlot(), microBatch, packed, { acceptedNs, startedNs: acceptedNs }, nowNs);
    lane.placed++;
    lane.memory.ringConsumer(0);
  }
}

function iteratorOf(inputs: PipelineInputs): InputIterator {
  const source = inputs as Partial<AsyncIterable<readonly Tensor[]> & Iterable<readonly Tensor[]>> | null;
  const iterator = source?.[Symbol.asyncIterator]?.() ?? source?.[Symbol.iterator]?.();
  if (iterator === undefined) {
    throw new InputError(
      'the inputs of a run are not iterable; give an array, a generator or an async iterable',
    );
  }
  return iterator;
}
