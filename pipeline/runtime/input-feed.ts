import { InputError } from '../../ipu-config/base/errors.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import { withinMs } from '../../ipu-config/base/bounded.js';
import { nextInStream, type CallRow } from '../schedule/streamed.js';
import type { Bell } from './links/control.js';
import { ownMemory, type Packed } from './links/link.js';
import type { Replica } from './links/replica.js';
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
  readonly replica: Replica;
  /** Copies of inputs that came before stage 0's order wants them: none unless a schedule changes the order. */
  readonly early: Map<number, Waiting>;
  accepted: number;
  /** Where in stage 0's endless row the next one stands that is put into a slot. */
  place: number;
}

/**
 * Pulls the caller's inputs and puts them into the slots of link 0, replica by replica. An input is pulled only
 * when a slot is free for it (or stage 0 needs it before those that are there), so at most `slotsPerLink` per
 * replica are taken before stage 0 has ended with them.
 */
export class InputFeed {
  readonly #lanes: readonly Lane[];
  readonly #host: Bell;
  readonly #row: CallRow;
  #iterator: InputIterator | undefined;
  #pulling = false;
  #stopped = false;
  #ended = false;
  accepted = 0;
  /** What the caller's iterable threw, or what was wrong with an input: the stream ends before it. */
  error: { readonly thrown: unknown } | undefined;

  /** @param row what takes the inputs of a call, in order */
  constructor(replicas: readonly Replica[], host: Bell, row: CallRow) {
    this.#lanes = replicas.map((replica) => ({ replica, early: new Map(), accepted: 0, place: 0 }));
    this.#host = host;
    this.#row = row;
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
        for (const each of this.#lanes) await this.#fillEarly(each);
        if (!this.#wants(lane)) {
          await this.#host.wait(seen);
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
        await this.#accept(lane, next.value);
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
    this.#lanes.forEach(({ replica }, r) =>
      replica.control.endInput(Math.ceil((this.accepted - r) / replicas)),
    );
    this.#ended = true;
    for (const lane of this.#lanes) await this.#fillEarly(lane);
    // In another order than they came, inputs may still wait for a slot.
    while (!this.#stopped && this.#lanes.some(({ early }) => early.size > 0)) {
      const seen = this.#host.count;
      for (const lane of this.#lanes) await this.#fillEarly(lane);
      await this.#host.wait(seen);
    }
    this.#host.ring();
  }

  #lane(index: number): Lane {
    const lane = this.#lanes[index % this.#lanes.length];
    if (lane === undefined) throw new RangeError('a pipeline without replicas');
    return lane;
  }

  #wants(lane: Lane): boolean {
    const { hasCredit } = lane.replica.input;
    return (
      hasCredit && (lane.early.size === 0 || (this.#next(lane)?.microBatch ?? Infinity) >= lane.accepted)
    );
  }

  /** What stage 0 takes after those that were put into slots; undefined after the last. */
  #next(lane: Lane): { readonly microBatch: number; readonly at: number } | undefined {
    const next = nextInStream(this.#row, lane.place, lane.replica.control.total);
    return next && { microBatch: next.action.microBatch, at: next.at };
  }

  async #accept(lane: Lane, tensors: readonly Tensor[]): Promise<void> {
    const index = this.accepted;
    const problem = tensorProblem(tensors);
    if (problem !== undefined) throw new InputError(`micro-batch ${index}: ${problem}`);
    const { input, clock } = lane.replica;
    const packed = input.pack(tensors);
    if (packed.overflow !== undefined) {
      throw new InputError(
        `micro-batch ${index}: its inputs are ${packed.overflow}; raise inputBytes of the pipeline`,
      );
    }
    const waiting = { packed, acceptedNs: clock.nowNs() };
    const microBatch = lane.accepted;
    const next = this.#next(lane);
    if (next?.microBatch === microBatch) {
      await this.#fill(lane, microBatch, waiting, next.at);
    } else {
      lane.early.set(microBatch, { ...waiting, packed: { ...packed, tensors: tensors.map(ownMemory) } });
    }
    lane.accepted++;
    this.accepted++;
  }

  /** Puts early inputs into free slots, in stage 0's order. */
  async #fillEarly(lane: Lane): Promise<void> {
    while (lane.early.size > 0 && lane.replica.input.hasCredit) {
      const next = this.#next(lane);
      const waiting = next && lane.early.get(next.microBatch);
      if (next === undefined || waiting === undefined) return;
      lane.early.delete(next.microBatch);
      await this.#fill(lane, next.microBatch, waiting, next.at);
    }
  }

  async #fill(lane: Lane, microBatch: number, { packed, acceptedNs }: Waiting, at: number): Promise<void> {
    await lane.replica.input.put(microBatch, packed, { acceptedNs, startedNs: acceptedNs });
    lane.place = at + 1;
    lane.replica.control.wake(0);
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
