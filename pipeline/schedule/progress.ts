import { OP_BIT, OPS, WHOLE_STAGE, type Action, type Op } from './action.js';
import { rankRows, type RankRows } from './rank-rows.js';
import type { ReadinessView } from './readiness.js';
import type { Schedule } from './schedule.js';

export interface ProgressLimits {
  /** Slots of each link between stages, and from the last stage to the host; no bound when absent. */
  readonly slotsPerLink?: number;
}

const OP_INDEX = Object.fromEntries(OPS.map((op, at) => [op, at])) as Record<Op, number>;

/**
 * How far a finite schedule has come: what is done, which slots are taken. The view that the validator and the
 * simulator give to the readiness rule. Flat arrays: a byte for each stage and micro-batch, a bit of it for each op.
 */
export class Progress implements ReadinessView {
  readonly stages: number;
  readonly microBatchCount: number;
  readonly inFlightLimit: number;
  inFlight = 0;
  readonly #slotsPerLink: number;
  readonly #done: Uint8Array;
  /** Only where transfers take time. */
  #underWay: Uint8Array | undefined;
  readonly #taken: Int32Array;
  readonly #gradientsTaken: Int32Array;
  readonly #communicates: readonly boolean[];
  readonly #isTraining: boolean;

  /** @param facts what the schedule's actions say of it */
  constructor(
    schedule: Schedule,
    { slotsPerLink = Infinity }: ProgressLimits = {},
    { ops, communicates }: Pick<RankRows, 'ops' | 'communicates'> = rankRows(schedule),
  ) {
    const { stages, microBatches } = schedule;
    this.stages = stages;
    this.microBatchCount = microBatches;
    this.inFlightLimit = schedule.inFlightLimit ?? Infinity;
    this.#slotsPerLink = slotsPerLink;
    this.#done = new Uint8Array(stages * microBatches);
    this.#taken = new Int32Array(stages + 1);
    this.#gradientsTaken = new Int32Array(stages + 1);
    this.#isTraining = ops.has('B') || ops.has('I');
    this.#communicates = communicates;
  }

  communicates(link: number): boolean {
    return this.#communicates[link]!;
  }

  isDone(op: Op, stage: number, microBatch: number): boolean {
    return (this.#done[stage * this.microBatchCount + microBatch]! & OP_BIT[op]) !== 0;
  }

  isUnderWay(op: Op, stage: number, microBatch: number): boolean {
    const underWay = this.#underWay;
    return (
      underWay !== undefined && (underWay[stage * this.microBatchCount + microBatch]! & OP_BIT[op]) !== 0
    );
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
    this.#done[stage * this.microBatchCount + microBatch]! |= OP_BIT[op];
    const isBackward = op === 'B' || op === 'I';
    if (op === 'F' && stage > 0) this.#taken[stage]!--;
    if (isBackward && stage < this.stages - 1) this.#gradientsTaken[stage + 1]!--;
    // A result that has reached the host is taken at once: a finite schedule has no caller that is slow.
    if (op === 'F' && stage === this.stages - 1) this.#taken[this.stages]!--;
    const leaves = this.#isTraining ? isBackward && stage === 0 : op === 'F' && stage === this.stages - 1;
    if (leaves) this.inFlight--;
  }

  /** What an ended action sends sets out for the neighbour. */
  depart({ op, stage, microBatch }: Action): void {
    this.#underWay ??= new Uint8Array(this.#done.length);
    this.#underWay[stage * this.microBatchCount + microBatch]! |= OP_BIT[op];
  }

  arrive(op: Op, stage: number, microBatch: number): void {
    if (this.#underWay) this.#underWay[stage * this.microBatchCount + microBatch]! &= ~OP_BIT[op];
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
