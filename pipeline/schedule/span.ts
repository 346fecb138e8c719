import type { Op } from './action.js';

/** Why a rank does nothing. */
export type StallCause =
  /** The micro-batch has not come from the stage before. */
  | 'upstream'
  /** No free slot on the link to the stage after. */
  | 'downstream'
  /** The caller has not given the next micro-batch yet. */
  | 'host-input'
  /** The caller has not taken results, so the last stage has no free slot. */
  | 'host-output'
  /** The schedule's limit of micro-batches in flight. */
  | 'in-flight-limit'
  /** Transfer between stages. */
  | 'exchange'
  /** Lockstep: waiting for the slowest rank of the cycle. */
  | 'sync'
  /** Everything is there; the scheduler and the wake-up take their time. */
  | 'dispatch';

/** Work of a lockstep machine outside of a stage's forward and backward. */
export type Phase =
  /** The forward pass again, before a backward that kept no activations. */
  | 'recompute'
  /** Inputs come from the host. */
  | 'stream-in'
  /** Results go to the host. */
  | 'stream-out'
  /** Activations and gradients go to the neighbouring stages. */
  | 'copy'
  /** Gradients are summed over replicas; with sharded state, weights come back. */
  | 'all-reduce'
  /** Optimizer state comes from and goes back to memory outside of the chip. */
  | 'optimizer-state'
  /** The optimizer changes the weights. */
  | 'weight-update'
  /** What the host does between two calls. */
  | 'host-call';

/** One stretch of time on one rank, measured or simulated. Times are integers, nanoseconds since the run began. */
export interface Span {
  readonly kind: 'action' | 'stall' | 'phase';
  readonly replica: number;
  readonly rank: number;
  readonly startNs: number;
  readonly endNs: number;
  /** For an action: what ran. For a stall: what could not run yet. Absent when nothing was left to do. */
  readonly stage?: number;
  readonly op?: Op;
  readonly microBatch?: number;
  /** Only on phases. */
  readonly phase?: Phase;
  /**
   * Only on actions of a stage that computes on a device of its own (`Stage.transfers`): how often numbers went to
   * the device and came back from it in this action.
   */
  readonly uploads?: number;
  readonly readbacks?: number;
  /** Only on stalls. */
  readonly cause?: StallCause;
}
