import { isTransfer, OPS, WHOLE_STAGE, type Action, type Op } from './action.js';
import type { ReadinessView } from './readiness.js';
import type { Schedule } from './schedule.js';

export interface ProgressLimits {
  /** Slots of each link between stages, and from the last stage to the host; no bound when absent. */
  readonly slotsPerLink?: number;
}

const OP_INDEX = Object.fromEntries(OPS.map((op, at) => [op, at])) as Record<Op, number>;
const DONE = 1;
const UNDER_WAY = 2;

/**
 * How far a finite schedule has come: what is done, which slots are taken. The view that the validator and the
 * simulator give to the readiness rule. Flat arrays: a byte for each op, stage and micro-batch.
 */
export class Progress implements ReadinessView {
  readonly stages: number;
  readonly microBatchCount: number;
  readonly inFlightLimit: number;
  inFlight = 0;
  readonly #slotsPerLink: number;
  readonly #state: Uint8Array;
  readonly #taken: Int32Array;
  readonly #gradientsTaken: Int32Array;
  readonly #communicates: readonly boolean[];
  readonly #isTraining: boolean;

  constructor(schedule: Schedule, { slotsPerLink = Infinity }: ProgressLimits = {}) {
    const { stages, microBatches } = schedule;
    this.stages = stages;
    this.microBatchCount = microBatches;
    this.inFlightLimit = schedule.inFlightLimit ?? Infinity;
    this.#slotsPerLink = slotsPerLink;
    this.#state = new Uint8Array(OPS.length * stages * microBatches);
    this.#taken = new Int32Array(stages + 1);
    this.#gradientsTaken = new Int32Array(stages + 1);
    const ops = usedOps(schedule);
    this.#isTraining = ops.has('B') || ops.has('I');
    this.#communicates = communicatingLinks(schedule);
  }

  communicates(link: number): boolean {
    return this.#communicates[link]!;
  }

  isDone(op: Op, stage: number, microBatch: number): boolean {
    return (this.#state[this.index(op, stage, microBatch)]! & DONE) !== 0;
  }

  isUnderWay(op: Op, stage: number, microBatch: number): boolean {
    return (this.#state[this.index(op, stage, microBatch)]! & UNDER_WAY) !== 0;
  }

  hasInput(): boolean {
    return true;
  }

  hasFreeSlot(link: number): boolean {
    // In training the last stage ends in the loss: nothing goes to the host.
    if (this.#isTraining && link === this.stages) return true;
    return this.#taken[link]! < this.#slotsPerLink;
  }

  hasFreeGradientSlot(link: number): boolean {
    return this.#gradientsTaken[link]! < this.#slotsPerLink;
  }

  /** An action begins: it takes the slot that it will fill. */
  begin({ op, stage }: Action): void {
    if (op === 'F' && stage === 0) this.inFlight++;
    if (this.#fillsForward(op, stage)) this.#taken[stage + 1]!++;
    if (this.#fillsBackward(op, stage)) this.#gradientsTaken[stage]!++;
  }

  /** An action ends: what it read is free again. */
  end({ op, stage, microBatch }: Action): void {
    if (microBatch === WHOLE_STAGE) return;
    this.#state[this.index(op, stage, microBatch)]! |= DONE;
    const isBackward = op === 'B' || op === 'I';
    if (op === 'F' && stage > 0) this.#taken[stage]!--;
    if (isBackward && stage < this.stages - 1) this.#gradientsTaken[stage + 1]!--;
    // A result that has reached the host is taken at once: a finite schedule has no caller that is slow.
    if (op === 'F' && stage === this.stages - 1) this.#taken[this.stages]!--;
    const leaves = this.#isTraining ? isBackward && stage === 0 : op === 'F' && stage === this.stages - 1;
    if (leaves) this.inFlight--;
  }

  /** What an ended action sends sets out for the neighbour; `index` of it says which. */
  depart(index: number): void {
    this.#state[index]! |= UNDER_WAY;
  }

  arrive(index: number): void {
    this.#state[index]! &= ~UNDER_WAY;
  }

  /** A number for each op, stage and micro-batch, below `OPS.length · n · m`. */
  index(op: Op, stage: number, microBatch: number): number {
    return (OP_INDEX[op] * this.stages + stage) * this.microBatchCount + microBatch;
  }

  #fillsForward(op: Op, stage: number): boolean {
    return op === (this.#communicates[stage + 1] ? 'SEND_F' : 'F');
  }

  #fillsBackward(op: Op, stage: number): boolean {
    if (stage === 0) return false;
    return this.#communicates[stage] ? op === 'SEND_B' : op === 'B' || op === 'I';
  }
}

/**
 * Which links (0 … n) a schedule sends over by actions of its own. If it does so anywhere, then between all ranks;
 * between two stages of one rank only where its actions say so.
 */
export function communicatingLinks({ stages, stageToRank, ranks }: Schedule): boolean[] {
  const named = new Array<boolean>(stages + 1).fill(false);
  let any = false;
  for (const cells of ranks) {
    for (const cell of cells) {
      for (const { op, stage } of cell) {
        if (!isTransfer(op)) continue;
        any = true;
        named[op === 'SEND_F' || op === 'RECV_B' ? stage + 1 : stage] = true;
      }
    }
  }
  return named.map((isNamed, link) => {
    if (link === 0 || link >= stages) return false;
    return isNamed || (any && stageToRank[link - 1] !== stageToRank[link]);
  });
}

/** The ops that a schedule has anywhere. */
export function usedOps({ ranks }: Schedule): ReadonlySet<Op> {
  const ops = new Set<Op>();
  for (const cells of ranks) for (const cell of cells) for (const { op } of cell) ops.add(op);
  return ops;
}
