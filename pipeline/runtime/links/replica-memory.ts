import type { Action, Op } from '../../schedule/action.js';
import { waitOf, type ReadinessView } from '../../schedule/readiness.js';
import type { StallCause } from '../../schedule/span.js';
import { ActivationRing } from './activation-ring.js';
import { Bell } from './bell.js';

export interface ReplicaShape {
  readonly stageToRank: readonly number[];
  readonly slotsPerLink: number;
  /** Capacity of the slots of link 0 (host → stage 0), 1, …, n (stage n-1 → host). */
  readonly linkBytes: readonly number[];
  /** Micro-batches between the start of stage 0 and the end of stage n-1; absent: only slots bound them. */
  readonly inFlightLimit?: number;
}

/** A replica's shared memory, in the form that is posted to its ranks. */
export interface ReplicaBuffers {
  readonly shape: ReplicaShape;
  readonly control: SharedArrayBuffer;
  readonly links: readonly SharedArrayBuffer[];
  /** One bell for all replicas: the host sleeps on it. */
  readonly host: SharedArrayBuffer;
}

export type RankPhase = 'idle' | 'waiting' | 'running';
const PHASES: readonly RankPhase[] = ['idle', 'waiting', 'running'];

export interface RankStatus {
  readonly phase: RankPhase;
  /** What the rank runs or waits to run; undefined when it has done nothing yet. */
  readonly action: Action | undefined;
  readonly sinceNs: number;
}

/** Int32 words before the per-rank ones. */
const WORD = { stopped: 0, totalKnown: 1, inFlight: 2, perRank: 3 } as const;
/** Float64 fields before the per-rank ones. */
const FIELD = { total: 0, finishedNs: 1, perRank: 2 } as const;
const WORDS_PER_RANK = 2;
const FIELDS_PER_RANK = 3;

/**
 * All that the ranks of one replica and the host share: the rings of the links, a bell for each rank, and a few
 * words of state. It is the view that the readiness rule looks at, whoever asks: a rank, or the watchdog.
 */
export class ReplicaMemory implements ReadinessView {
  readonly buffers: ReplicaBuffers;
  /** Link j leads to stage j, link n to the host. */
  readonly rings: readonly ActivationRing[];
  readonly host: Bell;
  readonly #bells: readonly Bell[];
  readonly #words: Int32Array;
  readonly #fields: Float64Array;
  readonly #fieldsOffset: number;

  static allocate(shape: ReplicaShape, host: SharedArrayBuffer): ReplicaMemory {
    const ranks = Math.max(...shape.stageToRank) + 1;
    return new ReplicaMemory({
      shape,
      control: new SharedArrayBuffer(fieldsOffset(ranks) + 8 * (FIELD.perRank + FIELDS_PER_RANK * ranks)),
      links: shape.linkBytes.map(
        (bytes) => new SharedArrayBuffer(ActivationRing.bytes(shape.slotsPerLink, bytes)),
      ),
      host,
    });
  }

  constructor(buffers: ReplicaBuffers) {
    const { shape, control, links, host } = buffers;
    const ranks = Math.max(...shape.stageToRank) + 1;
    this.buffers = buffers;
    this.#fieldsOffset = fieldsOffset(ranks);
    this.#words = new Int32Array(control, 0, this.#fieldsOffset / 4);
    this.#fields = new Float64Array(control, this.#fieldsOffset);
    this.rings = links.map(
      (link, l) => new ActivationRing(link, shape.slotsPerLink, shape.linkBytes[l] ?? 0),
    );
    this.host = new Bell(new Int32Array(host), 0);
    this.#bells = Array.from({ length: ranks }, (_, r) => new Bell(this.#words, rankWord(r)));
  }

  get stages(): number {
    return this.buffers.shape.stageToRank.length;
  }

  bell(rank: number): Bell {
    return at(this.#bells, rank);
  }

  ring(link: number): ActivationRing {
    return at(this.rings, link);
  }

  /** Wakes who fills a link. */
  ringProducer(link: number): void {
    this.#ringOwner(link - 1);
  }

  /** Wakes who empties a link. */
  ringConsumer(link: number): void {
    this.#ringOwner(link);
  }

  ringAll(): void {
    for (const bell of this.#bells) bell.ring();
    this.host.ring();
  }

  #ringOwner(stage: number): void {
    const rank = this.buffers.shape.stageToRank[stage];
    (rank === undefined ? this.host : this.bell(rank)).ring();
  }

  /** Why an action cannot run now; undefined when it can. */
  blockedBy(action: Action): StallCause | undefined {
    return waitOf(action, this)?.cause;
  }

  /** No schedule that runs here sends by actions of its own. */
  communicates(): boolean {
    return false;
  }

  /** Done and not yet used: its output lies in a slot of the next link. */
  isDone(op: Op, stage: number, microBatch: number): boolean {
    return op === 'F' && this.ring(stage + 1).slotOf(microBatch) >= 0;
  }

  hasInput(microBatch: number): boolean {
    return this.ring(0).slotOf(microBatch) >= 0;
  }

  hasFreeSlot(link: number): boolean {
    return this.ring(link).freeSlot() >= 0;
  }

  /** Nothing goes backward here. */
  hasFreeGradientSlot(): boolean {
    return false;
  }

  get inFlightLimit(): number {
    return this.buffers.shape.inFlightLimit ?? Infinity;
  }

  get inFlight(): number {
    return Atomics.load(this.#words, WORD.inFlight);
  }

  enter(): void {
    Atomics.add(this.#words, WORD.inFlight, 1);
  }

  leave(atNs: number): void {
    this.#fields[FIELD.finishedNs] = atNs;
    Atomics.sub(this.#words, WORD.inFlight, 1);
    this.#ringOwner(0);
  }

  /** When a micro-batch last left the last stage. */
  get finishedNs(): number {
    return this.#fields[FIELD.finishedNs] ?? 0;
  }

  /** How many micro-batches this replica gets; Infinity until the input has ended. */
  get total(): number {
    return Atomics.load(this.#words, WORD.totalKnown) === 1 ? (this.#fields[FIELD.total] ?? 0) : Infinity;
  }

  endInput(total: number): void {
    this.#fields[FIELD.total] = total;
    Atomics.store(this.#words, WORD.totalKnown, 1);
    this.ringAll();
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, WORD.stopped) === 1;
  }

  /** Each rank ends after the action that it is in. */
  stop(): void {
    Atomics.store(this.#words, WORD.stopped, 1);
    this.ringAll();
  }

  /** Back to the state before the first micro-batch; only while no rank works. */
  reset(): void {
    for (const ring of this.rings) ring.clear();
    this.#fields.fill(0);
    for (const word of [WORD.stopped, WORD.totalKnown, WORD.inFlight]) Atomics.store(this.#words, word, 0);
    for (let rank = 0; rank < this.#bells.length; rank++) {
      Atomics.store(this.#words, rankWord(rank) + 1, PHASES.indexOf('idle'));
    }
  }

  setStatus(rank: number, phase: RankPhase, action: Action | undefined, sinceNs: number): void {
    const field = rankField(rank);
    this.#fields[field] = sinceNs;
    this.#fields[field + 1] = action?.stage ?? -1;
    this.#fields[field + 2] = action?.microBatch ?? -1;
    Atomics.store(this.#words, rankWord(rank) + 1, PHASES.indexOf(phase));
  }

  status(rank: number): RankStatus {
    const phase = at(PHASES, Atomics.load(this.#words, rankWord(rank) + 1));
    const [sinceNs = 0, stage = -1, microBatch = -1] = this.#fields.slice(
      rankField(rank),
      rankField(rank) + FIELDS_PER_RANK,
    );
    return { phase, sinceNs, action: stage < 0 ? undefined : { stage, op: 'F', microBatch } };
  }

  /** Micro-batches that lie in a slot of any link. */
  microBatches(): number[] {
    return [...new Set(this.rings.flatMap((ring) => ring.microBatches()))].sort((a, b) => a - b);
  }
}

function rankWord(rank: number): number {
  return WORD.perRank + WORDS_PER_RANK * rank;
}

function rankField(rank: number): number {
  return FIELD.perRank + FIELDS_PER_RANK * rank;
}

function fieldsOffset(ranks: number): number {
  return Math.ceil((4 * rankWord(ranks)) / 8) * 8;
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no entry ${index} of ${list.length}`);
  return item;
}
