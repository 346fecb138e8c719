import type { Action } from './action.js';
import { isTraining, OP_TABLE, opSets, OPS, type Op, type OpFacts } from './op-table.js';
import { rankRows, type RankRows } from './rank-rows.js';
import type { ReadinessView } from './readiness.js';
import type { Schedule } from './schedule.js';

export interface ProgressLimits {
  /** Slots of each link between stages, and from the last stage to the host; no bound when absent. */
  readonly slotsPerLink?: number;
}

/** Looked up for every action that is asked for, so without the rest of its row. */
const BIT = Object.fromEntries(OPS.map((op) => [op, OP_TABLE[op].bit])) as Readonly<Record<Op, number>>;

/**
 * How far a finite schedule has come: what is done, which slots are taken. The view that the validator and the
 * simulator give to the readiness rule. Flat arrays: a set of ops for each stage and micro-batch.
 */
export class Progress implements ReadinessView {
  readonly stages: number;
  readonly microBatchCount: number;
  readonly callSize: number;
  readonly inFlightLimit: number;
  inFlight = 0;
  readonly #slotsPerLink: number;
  readonly #done: ReturnType<typeof opSets>;
  /** Only where transfers take time. */
  #underWay: ReturnType<typeof opSets> | undefined;
  /** Slots of links 0 … n that are taken. */
  readonly #taken: { readonly activation: Int32Array; readonly gradient: Int32Array };
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
    this.callSize = schedule.callSize ?? microBatches;
    this.inFlightLimit = schedule.inFlightLimit ?? Infinity;
    this.#slotsPerLink = slotsPerLink;
    this.#done = opSets(stages * microBatches);
    this.#taken = { activation: new Int32Array(stages + 1), gradient: new Int32Array(stages + 1) };
    this.#isTraining = isTraining(ops);
    this.#communicates = communicates;
  }

  communicates(link: number): boolean {
    return this.#communicates[link]!;
  }

  isDone(op: Op, stage: number, microBatch: number): boolean {
    return (this.#done[stage * this.microBatchCount + microBatch]! & BIT[op]) !== 0;
  }

  isUnderWay(op: Op, stage: number, microBatch: number): boolean {
    const underWay = this.#underWay;
    return underWay !== undefined && (underWay[stage * this.microBatchCount + microBatch]! & BIT[op]) !== 0;
  }

  hasInput(): boolean {
    return true;
  }

  hasFreeSlot(link: number): boolean {
    // In training the last stage ends in the loss: nothing goes to the host.
    if (this.#isTraining && link === this.stages) return true;
    return this.#taken.activation[link]! < this.#slotsPerLink;
  }

  hasFreeGradientSlot(link: number): boolean {
    return this.#taken.gradient[link]! < this.#slotsPerLink;
  }

  /** An action begins: it takes the slot that it will fill. @param op of the action, where the caller has it */
  begin({ op: name, stage }: Action, op: OpFacts = OP_TABLE[name]): void {
    const { moves, kind, neighbour } = op;
    if (moves === undefined || kind === 'receive') return;
    const link = neighbour === 1 ? stage + 1 : stage;
    const isSend = kind === 'send';
    if (!isSend && neighbour === 1 && stage === 0) this.inFlight++;
    // Where the schedule sends by actions of its own, they fill the link.
    if (this.#communicates[link]! === isSend) this.#taken[moves][link]!++;
  }

  /** An action ends: what it read is free again. */
  end({ op: name, stage, microBatch }: Action, op: OpFacts = OP_TABLE[name]): void {
    if (microBatch < 0) return;
    const { bit, moves, kind, neighbour } = op;
    this.#done[stage * this.microBatchCount + microBatch]! |= bit;
    if (moves === undefined || kind !== 'compute') return;
    const from = neighbour === 1 ? stage : stage + 1;
    const to = from + neighbour;
    // The link that the first reader reads has its slots on the host's side: nobody asks for its number here.
    this.#taken[moves][from]!--;
    if (to > 0 && to < this.stages) return;
    // What has reached the host is taken at once: a finite schedule has no caller that is slow.
    this.#taken[moves][to]!--;
    if (to === 0 || !this.#isTraining) this.inFlight--;
  }

  /** The stage to which an action hands its result, by itself or because it is a SEND. */
  handsTo(stage: number, { moves, kind, neighbour }: OpFacts): number | undefined {
    const to = stage + neighbour;
    if (moves === undefined || kind === 'receive' || to < 0 || to === this.stages) return undefined;
    return this.#communicates[Math.max(stage, to)] === (kind === 'send') ? to : undefined;
  }

  /** What an ended action sends sets out for the neighbour. */
  depart({ stage, microBatch }: Action, { bit }: OpFacts): void {
    this.#underWay ??= opSets(this.#done.length);
    this.#underWay[stage * this.microBatchCount + microBatch]! |= bit;
  }

  arrive({ stage, microBatch }: Action, { bit }: OpFacts): void {
    if (this.#underWay) this.#underWay[stage * this.microBatchCount + microBatch]! &= ~bit;
  }

  /** A number for each op, stage and micro-batch, below `OPS.length · n · m`. */
  index({ stage, microBatch }: Action, { index }: OpFacts): number {
    return (index * this.stages + stage) * this.microBatchCount + microBatch;
  }

  /** The action of such a number. */
  action(index: number): Action {
    const { stages, microBatchCount } = this;
    const stage = Math.floor(index / microBatchCount) % stages;
    const op = OPS[Math.floor(index / (stages * microBatchCount))]!;
    return { stage, op, microBatch: index % microBatchCount };
  }
}
