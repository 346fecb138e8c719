import type { Action } from './action.js';
import type { CsvLayout } from './csv-layout.js';

/** What one rank does in one cycle; several actions run one after another, none is an idle cell. */
export type Cell = readonly Action[];

/**
 * A schedule is data: per rank (an IPU, a worker thread) the cells of cycles 0, 1, 2, …
 *
 * Lockstep runs take a cycle as long as its slowest rank; free runs ignore cycles and idle cells, and keep
 * only the order of a rank's actions and the readiness rule.
 */
export interface Schedule {
  readonly name: string;
  /** n: stages, numbered 0 … n-1 from the input to the output. */
  readonly stages: number;
  /** m: micro-batches, numbered 0 … m-1. */
  readonly microBatches: number;
  /** `stageToRank[j]` is the rank that owns stage j. */
  readonly stageToRank: readonly number[];
  /** `ranks[r][k]` is what rank r does in cycle k; a rank whose row ends early is idle from there on. */
  readonly ranks: readonly (readonly Cell[])[];
  /** Micro-batches of one call, where it is a stream of several (`streamed`); absent: it is one call. */
  readonly callSize?: number;
  /**
   * At most so many micro-batches between the start of stage 0 and the end of stage n-1.
   * 1 is sharded execution: one stage at a time. Absent: only slots bound it.
   */
  readonly inFlightLimit?: number;
  /** How the file was written that it comes from. */
  readonly csv?: CsvLayout;
}

/** Makes the schedule of one call of `microBatches` micro-batches. */
export type ScheduleGenerator = (size: ScheduleSize) => Schedule;

export interface ScheduleSize {
  readonly stages: number;
  readonly microBatches: number;
  /** Identity (stage j on rank j) when absent; schedules that place stages themselves refuse another placement. */
  readonly stageToRank?: readonly number[];
  /** Stages on each rank, for schedules that put several there. */
  readonly chunks?: number;
}
