import { createHistogram } from 'node:perf_hooks';
import { InputError } from '../../ipu-config/base/errors.js';
import type { Pipeline } from '../../pipeline/runtime/pipeline.js';
import type { Span } from '../../pipeline/schedule/span.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { MeasuredRun, Percentiles } from './benchmark-report.js';
import { boundBy } from './bound-by.js';
import { LatencyBins } from './latency-bins.js';
import { OutputDigest } from './output-digest.js';
import { SteadyWindow, type SteadyActivity } from './steady-window.js';

export interface RunPlan {
  readonly name: string;
  readonly cores: number;
  /** Threads that compute, over all stages. */
  readonly threads: number;
  readonly stages: number;
  readonly replicas: number;
  readonly warmUp: number;
  readonly microBatches: number;
  readonly coolDown: number;
  readonly microBatch: number;
  readonly sequenceLength: number;
}

export interface RunSource {
  readonly inputs: Iterable<readonly Tensor[]>;
  /** Starts the pipeline; loading is timed apart. Spans of the run go to the given hook. */
  start(onSpan: (span: Span) => void): Promise<Pipeline>;
  /** The pipeline is loaded and its run begins. */
  onLoaded?(pipeline: Pipeline): void;
  onSpan?(span: Span): void;
  onMicroBatch?(done: number): void;
}

/**
 * Starts one pipeline (one device is a pipeline of one stage), streams the inputs through it, and measures the
 * micro-batches between warm-up and cool-down.
 */
export async function measureRun(plan: RunPlan, source: RunSource): Promise<MeasuredRun> {
  const loadFrom = performance.now();
  const window = new SteadyWindow({
    stages: plan.stages,
    replicas: plan.replicas,
    openAfter: plan.warmUp,
    microBatches: plan.microBatches,
  });
  await using pipeline = await source.start((span) => {
    window.add(span);
    source.onSpan?.(span);
  });
  const loadSeconds = (performance.now() - loadFrom) / 1000;
  const stages = pipeline.stages.filter(({ replica }) => replica === 0);
  source.onLoaded?.(pipeline);
  const streamed = await stream(plan, source, pipeline);
  const activity = window.activity();
  if (!activity) throw new InputError(tooShort(plan));
  return {
    name: plan.name,
    stages: stages.map(({ name, ipu, weightBytes }) => ({ name, ipu, weightBytes: weightBytes ?? 0 })),
    threads: plan.threads,
    loadSeconds,
    ...throughput(plan, activity),
    ...streamed,
    bubbleShare: bubble(activity),
    activity,
    boundBy: boundBy(activity, plan),
  };
}

function throughput(
  plan: RunPlan,
  { seconds, microBatches }: SteadyActivity,
): Pick<MeasuredRun, 'sequencesPerSecond' | 'tokensPerSecond'> {
  const sequencesPerSecond = (microBatches * plan.microBatch) / seconds;
  return { sequencesPerSecond, tokensPerSecond: sequencesPerSecond * plan.sequenceLength };
}

/** Share of stage time in which nothing was computed. */
function bubble({ ranks }: SteadyActivity): number {
  const busy = ranks.reduce((sum, { busyShare }) => sum + busyShare, 0) / ranks.length;
  return Math.max(0, 1 - busy);
}

async function stream(
  plan: RunPlan,
  source: RunSource,
  pipeline: Pipeline,
): Promise<
  Pick<MeasuredRun, 'wholeRunSequencesPerSecond' | 'latencyMs' | 'latencyHistogram' | 'outputDigest'>
> {
  const digest = new OutputDigest();
  const latencies = createHistogram({ figures: 3 });
  const bins = new LatencyBins();
  const from = performance.now();
  let done = 0;
  for await (const { tensors, latencyNs } of pipeline.run(source.inputs)) {
    digest.add(tensors);
    if (done >= plan.warmUp && done < plan.warmUp + plan.microBatches) {
      latencies.record(Math.max(1, Math.round(latencyNs)));
      bins.add(latencyNs);
    }
    source.onMicroBatch?.(++done);
  }
  const seconds = (performance.now() - from) / 1000;
  return {
    wholeRunSequencesPerSecond: (done * plan.microBatch) / seconds,
    latencyMs: percentiles((percentile) => latencies.percentile(percentile) / 1e6),
    latencyHistogram: bins.histogram(),
    outputDigest: digest.hex(),
  };
}

function percentiles(at: (percentile: number) => number): Percentiles {
  return { p50: at(50), p95: at(95), p99: at(99) };
}

function tooShort({ microBatches, warmUp, coolDown }: RunPlan): string {
  return (
    `the run ended before its measured window of ${microBatches} micro-batches (after ${warmUp} to warm up, ` +
    `before ${coolDown} to cool down) was complete: give --micro-batches a larger number.`
  );
}
