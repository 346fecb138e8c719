import { linkOf, OP_TABLE, type Moves, type Op } from '../../schedule/op-table.js';
import type { Action } from '../../schedule/action.js';
import { ownMemory, type Link, type Parcel, type PassageTimes } from '../links/link.js';
import type { Replica } from '../links/replica.js';
import type { Pass, Stage } from './stage.js';
import { tensorProblem } from './tensor-check.js';

/** Where an op of a stage reads and writes: the same for every micro-batch. */
export interface Route {
  /** What it reads from; undefined where it reads from no link. */
  readonly source: Link | undefined;
  /** What it puts to; undefined where it keeps what it makes, or makes nothing. */
  readonly target: Link | undefined;
  /** A micro-batch enters, or leaves, the pipeline with it. */
  readonly enters: boolean;
  readonly leaves: boolean;
}

/** A stage at work in one run: where its actions read and write, and what it keeps from one action to another. */
export class Seat {
  readonly loaded: Stage;
  readonly #stage: number;
  readonly #replica: Replica;
  readonly #routes = new Map<Op, Route>();
  readonly #passes = new Map<number, Pass>();
  /** What was computed and is sent by an action of its own. */
  readonly #held: Readonly<Record<Moves, Map<number, Parcel>>> = {
    activation: new Map(),
    gradient: new Map(),
  };

  constructor(stage: number, loaded: Stage, replica: Replica) {
    this.#stage = stage;
    this.loaded = loaded;
    this.#replica = replica;
  }

  route(op: Op): Route {
    const known = this.#routes.get(op);
    if (known !== undefined) return known;
    const [replica, stage] = [this.#replica, this.#stage];
    const { kind } = OP_TABLE[op];
    const puts = kind === 'send' || (kind === 'compute' && !this.#holds(op));
    const route = {
      source: replica.readBy(op, stage),
      target: puts ? replica.filledBy(op, stage) : undefined,
      enters: replica.isEntry(op, stage),
      leaves: replica.isExit(op, stage),
    };
    this.#routes.set(op, route);
    return route;
  }

  /** What an action reads; undefined where it reads nothing. */
  take(op: Op, microBatch: number): Parcel | undefined | Promise<Parcel> {
    const { kind, moves } = OP_TABLE[op];
    if (kind === 'send' && moves !== undefined) return this.#held[moves].get(microBatch);
    return this.route(op).source?.take(microBatch);
  }

  /** What an action has read, and what its stage keeps for a backward that it ends, are of no more use. */
  release(op: Op, microBatch: number, atNs: number): void {
    const { kind, moves, stash } = OP_TABLE[op];
    if (kind === 'send' && moves !== undefined) this.#held[moves].delete(microBatch);
    this.route(op).source?.release(microBatch, atNs);
    if (stash === 'frees') this.#passes.delete(microBatch);
  }

  pass(op: Op, microBatch: number): Pass {
    const known = this.#passes.get(microBatch);
    if (known !== undefined) return known;
    const pass: Pass = { microBatch, trains: this.#replica.shape.isTraining };
    if (pass.trains && OP_TABLE[op].stash === 'keeps') this.#passes.set(microBatch, pass);
    return pass;
  }

  /**
   * Puts what an action gave to the link that it fills, or keeps a copy until it is sent.
   * @returns when it was there
   */
  handOn({ op, microBatch }: Action, outputs: unknown, times: PassageTimes): number | Promise<number> {
    const { target } = this.route(op);
    const link = target ?? (this.#holds(op) ? this.#replica.filledBy(op, this.#stage) : undefined);
    if (link === undefined) return this.#replica.clock.nowNs();
    const problem = tensorProblem(outputs);
    if (problem !== undefined) throw new TypeError(`it returned what is not a list of tensors: ${problem}`);
    const packed = link.pack(outputs as Parcel['tensors']);
    if (packed.overflow !== undefined) {
      throw new RangeError(
        `its outputs are ${packed.overflow}; raise outputBytes of the stage's specification`,
      );
    }
    if (target !== undefined) return target.put(microBatch, packed, times);
    const filledNs = this.#replica.clock.nowNs();
    const { moves } = OP_TABLE[op];
    const parcel = { ...times, tensors: packed.tensors.map(ownMemory), filledNs };
    if (moves !== undefined) this.#held[moves].set(microBatch, parcel);
    return filledNs;
  }

  /** The schedule sends what a computing op makes by an action of its own. */
  #holds(op: Op): boolean {
    const link = OP_TABLE[op].kind === 'compute' ? linkOf(op, this.#stage) : undefined;
    return link !== undefined && this.#replica.communicates(link);
  }
}
