import * as v from 'valibot';

const time = v.pipe(v.number(), v.finite(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const factor = v.pipe(v.number(), v.finite(), v.gtValue(0));
const text = v.string();

const MACHINE = v.object({
  ipuPipeline: text,
  node: text,
  onnxruntime: v.nullable(text),
  platform: text,
  cpu: text,
  cores: count,
  memoryBytes: count,
});

const LAYER = v.object({
  /** Of each call, however short its rows: the weights come out of memory. */
  weightsNs: time,
  /** Of each token: matrix products with weights, and what is done to each number of a token. */
  tokenNs: time,
  /** Of each pair of tokens of a row: attention. */
  tokenPairNs: time,
});

const HEAD = v.object({
  /** Of each call. */
  weightsNs: time,
  tokenNs: time,
});

const CONTENTION = v.object({
  /** Threads that compute at once. */
  threads: count,
  /** By what the time to read weights is multiplied beside so many threads. */
  weightsFactor: factor,
  /** By what all other time is. */
  computeFactor: factor,
});

const STAGE_THREADS = v.object({
  /** Threads inside one stage. */
  threads: count,
  weightsFactor: time,
  computeFactor: time,
});

const MEASUREMENT = v.object({
  part: v.picklist(['empty', 'embedding', 'layers', 'head']),
  layers: v.pipe(v.number(), v.integer(), v.minValue(0)),
  sequenceLength: count,
  microBatch: count,
  /** Stages that ran at once, and threads of each. */
  stagesAtOnce: count,
  threadsPerStage: count,
  /** The median; where other processes disturbed all samples, the lower quartile, since disturbance only adds. */
  timeNs: time,
  /** Half of the samples lie between these two. */
  quartilesNs: v.tuple([time, time]),
  samples: count,
});

const MODEL = v.object({
  name: text,
  hiddenSize: count,
  intermediateSize: count,
  attentionHeads: count,
  vocabSize: count,
  headName: v.nullable(text),
  /**
   * Of each action beyond its layers: before it when all that it needs is there (dispatch), before it when its thread
   * has to be woken first, the call, and its tensors out of a slot and into the next.
   */
  action: v.object({ dispatchNs: time, wakeNs: time, callNs: time, copyNsPerByte: time }),
  embedding: v.object({ tokenNs: time }),
  layer: LAYER,
  head: HEAD,
  contention: v.pipe(v.array(CONTENTION), v.minLength(1)),
  /** Share of the cores' time that is left for work when more threads compute than there are cores. */
  timeSharing: v.object({ threads: v.nullable(count), efficiency: v.pipe(factor, v.maxValue(1)) }),
  stageThreads: v.pipe(v.array(STAGE_THREADS), v.minLength(1)),
  /** How far the fitted times are from the measured ones, over all measurements of layers, as shares. */
  fit: v.object({ meanError: time, worstError: time }),
  /** Of the cores' time, taken by other processes while it was measured: 0 is a quiet machine. */
  otherLoadShare: v.pipe(time, v.maxValue(1)),
  measurements: v.array(MEASUREMENT),
});

export const PROFILE_FORMAT = 'ipu-pipeline-profile';

export const PROFILE_SCHEMA = v.object({
  format: v.literal(PROFILE_FORMAT),
  version: v.literal(1),
  date: text,
  executor: text,
  machine: MACHINE,
  models: v.pipe(v.array(MODEL), v.minLength(1)),
});

/** A machine as hardware: what `ipu-pipeline profile` measures. `docs/profile.md` has the rule behind each figure. */
export type MachineProfile = v.InferOutput<typeof PROFILE_SCHEMA>;
/** What one model's parts take on the machine. */
export type ModelProfile = v.InferOutput<typeof MODEL>;
export type Measurement = v.InferOutput<typeof MEASUREMENT>;
export type Contention = v.InferOutput<typeof CONTENTION>;
export type StageThreads = v.InferOutput<typeof STAGE_THREADS>;
