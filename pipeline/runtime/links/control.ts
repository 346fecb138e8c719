import type { Action } from '../../schedule/action.js';
import type { Op } from '../../schedule/op-table.js';

/**
 * Rung when something has changed. Whoever waits reads `count` first, then looks at what it waits for, and only then
 * waits for the count to move: a ring in between is never missed.
 *
 * Waiting leaves the event loop free. It does not keep the process alive (see `Watchdog`).
 */
export interface Bell {
  readonly count: number;
  ring(): void;
  /** Resolves when the count is no longer `seen`. */
  wait(seen: number): Promise<void>;
}

export type RankPhase = 'idle' | 'waiting' | 'running';

export interface RankStatus {
  readonly phase: RankPhase;
  /** What the rank runs or waits to run; undefined when it has done nothing yet. */
  readonly action: Action | undefined;
  readonly sinceNs: number;
}

/**
 * What the ranks of one replica and the host know of each other. Each value has one writer; what is read is what has
 * been heard of, and a change that is heard of rings the bell of whoever it concerns. So it can lie in shared memory,
 * in plain fields, or behind a broker.
 */
export interface Control {
  /** One for all replicas: the host sleeps on it. */
  readonly host: Bell;
  bell(rank: number): Bell;
  /** Rings the bell of the rank that a stage sits on; of the host for stages −1 and n. */
  wake(stage: number): void;

  /** Each rank ends after the action that it is in. */
  readonly stopped: boolean;
  stop(): void;
  /** How many micro-batches this replica gets; Infinity until the input has ended. */
  readonly total: number;
  endInput(total: number): void;

  /** Micro-batches between the start of stage 0 and their leaving. */
  readonly inFlight: number;
  enter(): void;
  leave(atNs: number): void;
  /** When a micro-batch last left. */
  readonly leftNs: number;

  status(rank: number): RankStatus;
  setStatus(rank: number, phase: RankPhase, action: Action | undefined, sinceNs: number): void;
  /** Where in its endless row (`nextInStream`) a rank is, or goes on. It outlives the rank's thread. */
  place(rank: number): number;
  setPlace(rank: number, place: number): void;

  /** An action has ended, with all that it hands on. */
  isDone(op: Op, stage: number, microBatch: number): boolean;
  setDone(op: Op, stage: number, microBatch: number): void;

  /** As before the first micro-batch; only while no rank works. */
  reset(): void;
}
