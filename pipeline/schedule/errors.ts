import { IpuPipelineError } from '../../ipu-config/base/errors.js';
import type { Op } from './op-table.js';

/** A schedule that cannot be read or run; the message shows the grid with a marker at the first offending cell. */
export class ScheduleError extends IpuPipelineError {
  override readonly name = 'ScheduleError';
  readonly exitCode = 2;
}

/** Where and at what a stage failed. */
export interface StageFailure {
  readonly replica: number;
  readonly stage: number;
  readonly stageName: string;
  readonly ipu: number;
  readonly layers?: readonly [number, number];
  /** Undefined before the first action and after the last. */
  readonly op?: Op;
  /** Undefined also where the op is of the whole stage. */
  readonly microBatch?: number;
  /** What the stage's thread was doing: `starting`, `running`, `stopping`. */
  readonly state: string;
  /** Micro-batches that were in the pipeline when it failed. */
  readonly inFlight: readonly number[];
}

/** A stage threw, its thread ended, or it did not answer within its bound. */
export class StageFailedError extends IpuPipelineError {
  override readonly name = 'StageFailedError';
  readonly exitCode = 1;
  readonly failure: StageFailure;

  constructor(message: string, failure: StageFailure, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}
