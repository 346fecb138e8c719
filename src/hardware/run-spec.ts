import type { Hardware } from './hardware.js';
import type { ModelShape } from './model-shape.js';

/** What one forward stage holds; attention and feed-forward halves of layers are placed separately. */
export interface IpuStage {
  readonly ipu: number;
  readonly embedding: boolean;
  /** Attention halves of layers. */
  readonly attention: number;
  /** Feed-forward halves of layers. */
  readonly feedForward: number;
  readonly head: boolean;
}

/** `stage`: a stage keeps only its input; `layer`: the input of each layer; `none`: everything that backward needs. */
export type Recompute = 'stage' | 'layer' | 'none';

export type Precision = 'float16' | 'float32';

/** Of what is stashed: MLPerf v2.0's runs keep it in 8 bits. */
export type StashPrecision = Precision | 'float8';

export const OPTIMIZERS = ['lamb', 'adam', 'momentum', 'sgd'] as const;

export interface Optimizer {
  readonly name: (typeof OPTIMIZERS)[number];
  readonly stateOffChip: boolean;
  readonly replicatedTensorSharding: boolean;
  /** Precision of the moments. */
  readonly statePrecision: Precision;
}

/** A schedule by its name; `chunks` are the stages on each IPU, for those that loop. */
export interface ScheduleChoice {
  readonly name: string;
  readonly chunks?: number;
}

/** A run on IPUs: model × mapping × hardware. */
export interface IpuRun {
  readonly model: ModelShape;
  readonly hardware: Hardware;
  readonly mode: 'training' | 'inference';
  /** Pipelined: every stage works in every cycle. Sharded: one stage at a time. */
  readonly execution: 'pipelined' | 'sharded';
  readonly ipusPerReplica: number;
  readonly replicas: number;
  readonly sequenceLength: number;
  /** Sequences packed into one row. */
  readonly sequencesPerRow: number;
  /** Rows of a micro-batch. */
  readonly microBatch: number;
  /** Micro-batches of one weight update; 1 in inference. */
  readonly gradientAccumulation: number;
  /** Weight updates (training) or micro-batches (inference) of one call. */
  readonly deviceIterations: number;
  /**
   * Absent: PopART's own order, in lockstep cycles. Else another one, each IPU going on as soon as it can: what the
   * stages would give in that order, which no IPU compiler makes.
   */
  readonly schedule?: ScheduleChoice;
  /** In the order of the pipeline. */
  readonly stages: readonly IpuStage[];
  readonly recompute: Recompute;
  readonly precision: Precision;
  readonly stashPrecision: StashPrecision;
  /** Null in inference. */
  readonly optimizer: Optimizer | null;
  /** Share of an IPU's memory that one matmul may use, for each IPU of a replica. */
  readonly matmulProportion: readonly number[];
  /** Matmuls keep partial sums in float16, at twice the rate. */
  readonly halfPartials: boolean;
  /** The embedding's table is looked up in so many parts, one after another. */
  readonly embeddingSerialization: number;
}

export function bytesOf(precision: StashPrecision): number {
  return { float8: 1, float16: 2, float32: 4 }[precision];
}
