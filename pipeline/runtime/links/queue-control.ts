import type { Action } from '../../schedule/action.js';
import type { Op } from '../../schedule/op-table.js';
import { processClock } from './clock.js';
import type { Bell, Control, RankPhase, RankStatus } from './control.js';
import { DoneCounts } from './done-counts.js';
import { QueueLink } from './queue-link.js';
import { gradientLinks, type ReplicaLinks, type ReplicaShape } from './replica.js';

/** Links and control of replicas whose ranks all live in the caller's thread: no shared memory. */
export function queueLinks(shape: ReplicaShape, replicas: number): ReplicaLinks[] {
  const host = new QueueBell();
  const link = (bytes: number): QueueLink => new QueueLink(shape.slotsPerLink, bytes);
  return Array.from({ length: replicas }, () => ({
    control: new QueueControl(shape, host),
    clock: processClock,
    activations: shape.linkBytes.map(link),
    gradients: gradientLinks(shape, link),
  }));
}

class QueueBell implements Bell {
  count = 0;
  #waiting: (() => void)[] = [];

  ring(): void {
    this.count++;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    // A turn of the event loop each time, so that timers and signals are heard among stages that never wait.
    setImmediate(() => {
      for (const wake of waiting) wake();
    });
  }

  wait(seen: number): Promise<void> {
    return this.count === seen ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }
}

const AT_REST: RankStatus = { phase: 'idle', action: undefined, sinceNs: 0 };

class QueueControl implements Control {
  readonly host: QueueBell;
  readonly #shape: ReplicaShape;
  readonly #done: DoneCounts;
  readonly #bells = new Map<number, QueueBell>();
  readonly #statuses = new Map<number, RankStatus>();
  readonly #places = new Map<number, number>();
  stopped = false;
  total = Infinity;
  inFlight = 0;
  leftNs = 0;

  constructor(shape: ReplicaShape, host: QueueBell) {
    this.host = host;
    this.#shape = shape;
    this.#done = new DoneCounts(shape, new Int32Array(DoneCounts.length(shape)));
    for (const rank of shape.stageToRank) this.#bells.set(rank, new QueueBell());
  }

  bell(rank: number): QueueBell {
    const bell = this.#bells.get(rank);
    if (bell === undefined) throw new RangeError(`no rank ${rank}`);
    return bell;
  }

  wake(stage: number): void {
    const rank = this.#shape.stageToRank[stage];
    (rank === undefined ? this.host : this.bell(rank)).ring();
  }

  stop(): void {
    this.stopped = true;
    this.#ringAll();
  }

  endInput(total: number): void {
    this.total = total;
    this.#ringAll();
  }

  enter(): void {
    this.inFlight++;
  }

  leave(atNs: number): void {
    this.leftNs = atNs;
    this.inFlight--;
    this.wake(0);
  }

  status(rank: number): RankStatus {
    return this.#statuses.get(rank) ?? AT_REST;
  }

  setStatus(rank: number, phase: RankPhase, action: Action | undefined, sinceNs: number): void {
    this.#statuses.set(rank, { phase, action, sinceNs });
  }

  place(rank: number): number {
    return this.#places.get(rank) ?? 0;
  }

  setPlace(rank: number, place: number): void {
    this.#places.set(rank, place);
  }

  isDone(op: Op, stage: number, microBatch: number): boolean {
    return this.#done.has(op, stage, microBatch);
  }

  setDone(op: Op, stage: number, microBatch: number): void {
    this.#done.add(op, stage, microBatch);
  }

  reset(): void {
    Object.assign(this, { stopped: false, total: Infinity, inFlight: 0, leftNs: 0 });
    this.#done.clear();
    this.#statuses.clear();
    this.#places.clear();
  }

  #ringAll(): void {
    for (const bell of this.#bells.values()) bell.ring();
    this.host.ring();
  }
}
