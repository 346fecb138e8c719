import { createHistogram } from 'node:perf_hooks';
import type { Span } from '../../pipeline/span.js';
import type { Tensor } from '../../pipeline/tensor.js';
import { InputError } from '../../ipu-config/errors.js';
import type { BertPipeline } from '../bert/bert-pipeline.js';
import type { MeasuredRun, Percentiles } from './benchmark-report.js';
import { boundBy } from './bound-by.js';
import { OutputDigest } from './output-digest.js';
import { SteadyWindow } from './steady-window.js';

export interface RunPlan {
  readonly name: string;
  readonly cores: number;
  readonly warmUp: number;
  readonly microBatches: number;
  readonly coolDown: number;
  readonly microBatch: number;
  readonly sequenceLength: number;
}

export interface RunSource {
  readonly inputs: Iterable<readonly Tensor[]>;
  /** Starts the pipeline; loading is timed apart. Spans of the run go to the given hook. */
  start(onSpan: (span: Span) => void): Promise<BertPipeline>;
  onSpan?(span: Span): void;
  onMicroBatch?(done: number): void;
}

/**
 * Starts one pipeline (one device is a pipeline of one stage), streams the inputs through it, and measures the
 * micro-batches between warm-up and cool-down.
 */
export async function measureRun(plan: RunPlan, source: RunSource): Promise<MeasuredRun> {
  const loadFrom = performance.now();
  let window: SteadyWindow | undefined;
  const pipeline = await source.start((span) => {
    window?.add(span);
    source.onSpan?.(span);
  });
  try {
    const loadSeconds = (performance.now() - loadFrom) / 1000;
    window = new SteadyWindow({
      lastStage: pipeline.stages.length - 1,
      openAfter: plan.warmUp,
      microBatches: plan.microBatches,
    });
    const measured = await stream(plan, source, pipeline);
    const activity = window.activity();
    if (!activity) throw new InputError(tooShort(plan));
    const sequences = plan.microBatches * plan.microBatch;
    const busy = activity.ranks.reduce((sum, { busyShare }) => sum + busyShare, 0) / activity.ranks.length;
    return {
      name: plan.name,
      stages: pipeline.stages.map(({ name, ipu, weightBytes }) => ({ name, ipu, weightBytes })),
      threads: pipeline.threads,
      loadSeconds,
      sequencesPerSecond: sequences / activity.seconds,
      tokensPerSecond: (sequences * plan.sequenceLength) / activity.seconds,
      wholeRunSequencesPerSecond: measured.sequencesPerSecond,
      latencyMs: measured.latencyMs,
      bubbleShare: Math.max(0, 1 - busy),
      activity,
      boundBy: boundBy(activity, { cores: plan.cores, threads: pipeline.threads }),
      outputDigest: measured.digest,
    };
  } finally {
    await pipeline.close();
  }
}

interface Streamed {
  readonly sequencesPerSecond: number;
  readonly latencyMs: Percentiles;
  readonly digest: string;
}

async function stream(plan: RunPlan, source: RunSource, pipeline: BertPipeline): Promise<Streamed> {
  const digest = new OutputDigest();
  const latencies = createHistogram({ figures: 3 });
  const from = performance.now();
  let done = 0;
  for await (const { tensors, latencyNs } of pipeline.run(source.inputs)) {
    digest.add(tensors);
    if (done >= plan.warmUp && done < plan.warmUp + plan.microBatches)
      latencies.record(Math.max(1, latencyNs));
    source.onMicroBatch?.(++done);
  }
  const seconds = (performance.now() - from) / 1000;
  const at = (percentile: number): number => latencies.percentile(percentile) / 1e6;
  return {
    sequencesPerSecond: (done * plan.microBatch) / seconds,
    latencyMs: { p50: at(50), p95: at(95), p99: at(99) },
    digest: digest.hex(),
  };
}

function tooShort({ microBatches, warmUp, coolDown }: RunPlan): string {
  return (
    `the run ended before its measured window of ${microBatches} micro-batches (after ${warmUp} to warm up, ` +
    `before ${coolDown} to cool down) was complete: give --micro-batches a larger number.`
  );
}
