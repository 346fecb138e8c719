import type { Action } from '../../schedule/action.js';
import { OPS, OP_TABLE, type Op } from '../../schedule/op-table.js';
import type { Control, RankPhase, RankStatus } from './control.js';
import { DoneCounts } from './done-counts.js';
import type { ReplicaShape } from './replica.js';
import { SharedBell } from './shared-bell.js';

const PHASES: readonly RankPhase[] = ['idle', 'waiting', 'running'];

/** Int32 words: those of the replica, then for each rank its bell and its phase. */
const WORD = { stopped: 0, totalKnown: 1, inFlight: 2, perRank: 3 } as const;
const WORDS_PER_RANK = 2;
/** Float64 fields: those of the replica, then for each rank its status and its place. */
const FIELD = { total: 0, leftNs: 1, perRank: 2 } as const;
const OF_RANK = { sinceNs: 0, stage: 1, op: 2, microBatch: 3, place: 4, size: 5 } as const;

/** The words of a replica in shared memory, as they are posted to its ranks. */
export interface ControlBuffers {
  readonly words: SharedArrayBuffer;
  readonly fields: SharedArrayBuffer;
  readonly done: SharedArrayBuffer;
  /** One bell for all replicas. */
  readonly host: SharedArrayBuffer;
}

export class SharedControl implements Control {
  readonly host: SharedBell;
  readonly #owners: readonly number[];
  readonly #bells: readonly SharedBell[];
  readonly #words: Int32Array;
  readonly #fields: Float64Array;
  readonly #done: DoneCounts;

  static allocate(shape: ReplicaShape, host: SharedArrayBuffer): ControlBuffers {
    const ranks = Math.max(...shape.stageToRank) + 1;
    return {
      words: new SharedArrayBuffer(4 * rankWord(ranks)),
      fields: new SharedArrayBuffer(8 * rankField(ranks)),
      done: new SharedArrayBuffer(4 * DoneCounts.length(shape)),
      host,
    };
  }

  /** @param spinNs how long a bell's `wait` looks before it sleeps; the host's sleeps at once */
  constructor(shape: ReplicaShape, { words, fields, done, host }: ControlBuffers, spinNs: number) {
    this.#owners = shape.stageToRank;
    this.#words = new Int32Array(words);
    this.#fields = new Float64Array(fields);
    this.#done = new DoneCounts(shape, new Int32Array(done));
    this.host = new SharedBell(new Int32Array(host), 0, 0);
    const ranks = Math.max(...shape.stageToRank) + 1;
    this.#bells = Array.from({ length: ranks }, (_, r) => new SharedBell(this.#words, rankWord(r), spinNs));
  }

  bell(rank: number): SharedBell {
    const bell = this.#bells[rank];
    if (bell === undefined) throw new RangeError(`no rank ${rank}`);
    return bell;
  }

  wake(stage: number): void {
    const rank = this.#owners[stage];
    (rank === undefined ? this.host : this.bell(rank)).ring();
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, WORD.stopped) === 1;
  }

  stop(): void {
    Atomics.store(this.#words, WORD.stopped, 1);
    this.#ringAll();
  }

  get total(): number {
    return Atomics.load(this.#words, WORD.totalKnown) === 1 ? this.#field(FIELD.total) : Infinity;
  }

  endInput(total: number): void {
    this.#fields[FIELD.total] = total;
    Atomics.store(this.#words, WORD.totalKnown, 1);
    this.#ringAll();
  }

  get inFlight(): number {
    return Atomics.load(this.#words, WORD.inFlight);
  }

  enter(): void {
    Atomics.add(this.#words, WORD.inFlight, 1);
  }

  leave(atNs: number): void {
    this.#fields[FIELD.leftNs] = atNs;
    Atomics.sub(this.#words, WORD.inFlight, 1);
    this.wake(0);
  }

  get leftNs(): number {
    return this.#field(FIELD.leftNs);
  }

  status(rank: number): RankStatus {
    const phase = PHASES[Atomics.load(this.#words, rankWord(rank) + 1)] ?? 'idle';
    const from = rankField(rank);
    const op = OPS[this.#field(from + OF_RANK.op)];
    const [stage, microBatch] = [this.#field(from + OF_RANK.stage), this.#field(from + OF_RANK.microBatch)];
    const action = op === undefined ? undefined : { stage, op, microBatch };
    return { phase, action, sinceNs: this.#field(from + OF_RANK.sinceNs) };
  }

  setStatus(rank: number, phase: RankPhase, action: Action | undefined, sinceNs: number): void {
    const from = rankField(rank);
    this.#fields[from + OF_RANK.sinceNs] = sinceNs;
    this.#fields[from + OF_RANK.stage] = action?.stage ?? -1;
    this.#fields[from + OF_RANK.op] = action === undefined ? -1 : OP_TABLE[action.op].index;
    this.#fields[from + OF_RANK.microBatch] = action?.microBatch ?? -1;
    Atomics.store(this.#words, rankWord(rank) + 1, PHASES.indexOf(phase));
  }

  place(rank: number): number {
    return this.#field(rankField(rank) + OF_RANK.place);
  }

  setPlace(rank: number, place: number): void {
    this.#fields[rankField(rank) + OF_RANK.place] = place;
  }

  isDone(op: Op, stage: number, microBatch: number): boolean {
    return this.#done.has(op, stage, microBatch);
  }

  setDone(op: Op, stage: number, microBatch: number): void {
    this.#done.add(op, stage, microBatch);
  }

  reset(): void {
    this.#fields.fill(0);
    this.#done.clear();
    for (const word of [WORD.stopped, WORD.totalKnown, WORD.inFlight]) Atomics.store(this.#words, word, 0);
    for (let rank = 0; rank < this.#bells.length; rank++) this.setStatus(rank, 'idle', undefined, 0);
  }

  #ringAll(): void {
    for (const bell of this.#bells) bell.ring();
    this.host.ring();
  }

  #field(at: number): number {
    return this.#fields[at] ?? 0;
  }
}

function rankWord(rank: number): number {
  return WORD.perRank + WORDS_PER_RANK * rank;
}

function rankField(rank: number): number {
  return FIELD.perRank + OF_RANK.size * rank;
}
