import type { Action } from '../../schedule/action.js';
import { FORWARD, linkOf, linkRead, OP_TABLE, type Op } from '../../schedule/op-table.js';
import { waitOf, type ReadinessView } from '../../schedule/readiness.js';
import type { StallCause } from '../../schedule/span.js';
import type { Clock } from './clock.js';
import type { Control } from './control.js';
import type { Link } from './link.js';

export interface ReplicaShape {
  readonly stageToRank: readonly number[];
  readonly slotsPerLink: number;
  /** Capacity of the slots of link 0 (host → stage 0), 1, …, n (stage n-1 → host). */
  readonly linkBytes: readonly number[];
  /** m: micro-batches of one call. */
  readonly callSize: number;
  /** The ops that the schedule has. */
  readonly ops: readonly Op[];
  /** The schedule sends over link j by actions of its own. */
  readonly communicates: readonly boolean[];
  /** It has a backward pass: gradients go back over links of their own. */
  readonly isTraining: boolean;
  /** Micro-batches between the start of stage 0 and the end of stage n-1; absent: only slots bound them. */
  readonly inFlightLimit?: number;
}

/** How the ranks of one replica and the host hear of each other: see docs/runtime.md for the kinds there are. */
export interface ReplicaLinks {
  readonly control: Control;
  readonly clock: Clock;
  /** Link j leads to stage j, link n to the host. */
  readonly activations: readonly Link[];
  /** Gradient link j leads from stage j back to stage j − 1; there are links 1 … n − 1, and none without a backward. */
  readonly gradients: readonly (Link | undefined)[];
}

/** A gradient has the size of the activation that it is of. */
export function gradientLinks<T>(
  { isTraining, linkBytes }: ReplicaShape,
  make: (bytes: number) => T,
): (T | undefined)[] {
  if (!isTraining) return [];
  return linkBytes.slice(0, -1).map((bytes, link) => (link === 0 ? undefined : make(bytes)));
}

/** A replica as each of its ranks and the host see it: what the readiness rule looks at, whoever asks. */
export class Replica implements ReadinessView {
  readonly shape: ReplicaShape;
  readonly control: Control;
  readonly clock: Clock;
  readonly stages: number;
  readonly inFlightLimit: number;
  readonly #links: ReplicaLinks;

  constructor(shape: ReplicaShape, links: ReplicaLinks) {
    this.shape = shape;
    this.control = links.control;
    this.clock = links.clock;
    this.stages = shape.stageToRank.length;
    this.inFlightLimit = shape.inFlightLimit ?? Infinity;
    this.#links = links;
  }

  /** The link from the host to stage 0. */
  get input(): Link {
    return known(this.#links.activations[0]);
  }

  /** The link from the last stage to the host. */
  get output(): Link {
    return known(this.#links.activations[this.stages]);
  }

  /** The link that an op of a stage hands on over, if it does; see `communicates` for who fills it. */
  filledBy(op: Op, stage: number): Link | undefined {
    return this.#carrier(op, linkOf(op, stage));
  }

  /** The link from which a computing op of a stage reads. */
  readBy(op: Op, stage: number): Link | undefined {
    return this.#carrier(op, linkRead(op, stage));
  }

  #carrier(op: Op, link: number | undefined): Link | undefined {
    if (link === undefined) return undefined;
    return (OP_TABLE[op].moves === 'gradient' ? this.#links.gradients : this.#links.activations)[link];
  }

  /** The action brings a micro-batch into the pipeline. */
  isEntry(op: Op, stage: number): boolean {
    return op === FORWARD && stage === 0;
  }

  /** With the action a micro-batch leaves the pipeline. */
  isExit(op: Op, stage: number): boolean {
    if (!this.shape.isTraining) return op === FORWARD && stage === this.stages - 1;
    const { kind, moves } = OP_TABLE[op];
    return kind === 'compute' && moves === 'gradient' && stage === 0;
  }

  get links(): readonly Link[] {
    return [...this.#links.activations, ...this.#links.gradients.filter((link) => link !== undefined)];
  }

  /** As before the first micro-batch; only while no rank works. */
  reset(): void {
    for (const link of this.links) link.clear();
    this.control.reset();
  }

  /** Why an action cannot run now; undefined when it can. */
  blockedBy(action: Action): StallCause | undefined {
    return waitOf(action, this)?.cause;
  }

  communicates(link: number): boolean {
    return this.shape.communicates[link] === true;
  }

  isDone(op: Op, stage: number, microBatch: number): boolean {
    return this.control.isDone(op, stage, microBatch);
  }

  /** Done, and not in the slots of whoever asks: it is on its way. */
  isUnderWay(op: Op, stage: number, microBatch: number): boolean {
    if (!this.isDone(op, stage, microBatch)) return false;
    return this.filledBy(op, stage)?.has(microBatch) === false;
  }

  hasInput(microBatch: number): boolean {
    return this.input.has(microBatch);
  }

  hasFreeSlot(link: number): boolean {
    return known(this.#links.activations[link]).hasCredit;
  }

  hasFreeGradientSlot(link: number): boolean {
    return known(this.#links.gradients[link]).hasCredit;
  }

  /** Infinity until the input has ended. */
  get microBatchCount(): number {
    return this.control.total;
  }

  get callSize(): number {
    return this.shape.callSize;
  }

  get inFlight(): number {
    return this.control.inFlight;
  }
}

function known(link: Link | undefined): Link {
  if (link === undefined) throw new RangeError('there is no such link');
  return link;
}
