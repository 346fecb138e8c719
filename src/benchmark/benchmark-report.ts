import type { Warning } from '../../ipu-config/base/warning.js';
import type { AttributeDescription } from '../../ipu-config/describe-config.js';
import type { SteadyActivity } from './steady-window.js';
import type { Environment } from './environment.js';

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** `counts[b]` latencies from `edgesMs[b]` up to `edgesMs[b + 1]`; edges are 5 % apart. */
export interface LatencyHistogram {
  readonly edgesMs: readonly number[];
  readonly counts: readonly number[];
}

/** One of the measured ways to run the same inputs. */
export interface MeasuredRun {
  /** `one device, 1 thread`, `one device, 4 threads`, `pipeline, 4 stages`. */
  readonly name: string;
  readonly stages: readonly MeasuredStage[];
  readonly threads: number;
  readonly loadSeconds: number;
  /** Steady state: see `SteadyWindow`. */
  readonly sequencesPerSecond: number;
  /** The middle half of the rates in eighths of the window; absent where those would be too short. */
  readonly spread?: { readonly low: number; readonly high: number };
  readonly tokensPerSecond: number;
  /** Every sequence of the run over its whole time, warm-up, fill and drain included. */
  readonly wholeRunSequencesPerSecond: number;
  /** From the start of the first stage to the end of the last, in milliseconds, in steady state. */
  readonly latencyMs: Percentiles;
  readonly latencyHistogram: LatencyHistogram;
  /** Share of stage time in which nothing was computed, over all stages, in steady state. */
  readonly bubbleShare: number;
  readonly activity: SteadyActivity;
  readonly boundBy: string;
  /** SHA-256 over all results in input order. */
  readonly outputDigest: string;
}

export interface MeasuredStage {
  readonly name: string;
  readonly ipu: number;
  readonly weightBytes: number;
}

export interface BenchmarkReport {
  readonly format: 'ipu-pipeline-benchmark';
  readonly version: 1;
  readonly date: string;
  readonly environment: Environment;
  readonly settings: BenchmarkSettings;
  readonly runs: readonly MeasuredRun[];
  /** Undefined when only the pipeline ran. */
  readonly identicalOutputs?: boolean;
  /** Every attribute of the configuration: its value and where that comes from. */
  readonly attributes: readonly AttributeDescription[];
  readonly warnings: readonly Warning[];
}

export interface BenchmarkSettings {
  readonly model: string;
  readonly config: string;
  readonly executor: string;
  readonly schedule: string;
  readonly sequenceLength: number;
  readonly microBatch: number;
  /** Measured micro-batches; the ones before and after them keep the pipeline in its steady state. */
  readonly microBatches: number;
  readonly warmUp: number;
  readonly coolDown: number;
  readonly threadsPerStage: number;
  readonly replicas: number;
  readonly deviceIterations: number;
}
