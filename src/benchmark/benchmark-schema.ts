import * as v from 'valibot';
import { figureOrNull, savedWarning, type Frozen } from '../../ipu-config/base/checked.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const index = v.pipe(v.number(), v.integer(), v.minValue(0));

const PERCENTILES = v.object({ p50: figureOrNull, p95: figureOrNull, p99: figureOrNull });

const RANK = v.object({
  replica: index,
  rank: index,
  busyShare: figureOrNull,
  stallShares: v.record(v.string(), figureOrNull),
  microBatchMs: figureOrNull,
});

const RUN = v.object({
  name: v.string(),
  stages: v.array(v.object({ name: v.string(), ipu: index, weightBytes: index })),
  threads: count,
  loadSeconds: figureOrNull,
  sequencesPerSecond: figureOrNull,
  spread: v.exactOptional(v.object({ low: figureOrNull, high: figureOrNull })),
  tokensPerSecond: figureOrNull,
  latencyMs: PERCENTILES,
  latencyHistogram: v.object({ edgesMs: v.array(figureOrNull), counts: v.array(index) }),
  bubbleShare: figureOrNull,
  activity: v.object({ seconds: figureOrNull, microBatches: count, ranks: v.array(RANK) }),
  boundBy: v.string(),
});

const SETTINGS = v.object({
  model: v.string(),
  config: v.string(),
  executor: v.string(),
  schedule: v.string(),
  sequenceLength: count,
  microBatch: count,
  microBatches: count,
  warmUp: index,
  coolDown: index,
  threadsPerStage: count,
  replicas: count,
  deviceIterations: count,
});

/** A report of `bench --json` as far as it is shown again: what is left out here is passed over. */
export type SavedBenchmark = Frozen<v.InferOutput<typeof SAVED_BENCHMARK>>;
export const SAVED_BENCHMARK = v.object({
  format: v.literal('ipu-pipeline-benchmark'),
  version: v.literal(1),
  date: v.string(),
  /** As it was typed. */
  command: v.exactOptional(v.string()),
  environment: v.object({
    ipuPipeline: v.string(),
    node: v.string(),
    onnxruntime: v.nullable(v.string()),
    cpu: v.string(),
    cores: count,
    memoryBytes: count,
  }),
  settings: SETTINGS,
  runs: v.pipe(v.array(RUN), v.minLength(1)),
  identicalOutputs: v.exactOptional(v.boolean()),
  attributes: v.array(
    v.object({ name: v.string(), value: v.unknown(), source: v.string(), note: v.string() }),
  ),
  warnings: v.array(savedWarning),
  prediction: v.exactOptional(
    v.object({
      runs: v.array(v.object({ run: v.string(), predicted: v.object({ sequencesPerSecond: figureOrNull }) })),
      warnings: v.array(savedWarning),
    }),
  ),
});
