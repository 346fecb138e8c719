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
  /** To measure; as many as take `WINDOW_SECONDS`, by a pilot run, when absent. */
  readonly microBatches?: number;
  readonly coolDown: number;
  readonly microBatch: number;
  readonly sequenceLength: number;
}

export interface RunSource {
  inputs(count: number): Iterable<readonly Tensor[]>;
  /** Starts the pipeline; loading is timed apart. Spans of the run go to the given hook. */
  start(onSpan: (span: Span) => void): Promise<Pipeline>;
  /** The pipeline is loaded and its run of so many micro-batches begins. */
  onLoaded?(pipeline: Pipeline, total: number): void;
  onSpan?(span: Span): void;
  onMicroBatch?(done: number): void;
}

/**
 * Starts one pipeline (one device is a pipeline of one stage), streams the inputs through it, and measures the
 * micro-batches between warm-up and cool-down.
 */
export async function measureRun(asked: RunPlan, source: RunSource): Promise<MeasuredRun> {
  const loadFrom = performance.now();
  // Spans of the pilot are nobody's: there is no window yet.
  const opened: { window?: SteadyWindow } = {};
  await using pipeline = await source.start((span) => {
    if (!opened.window) return;
    opened.window.add(span);
    source.onSpan?.(span);
  });
  const loadSeconds = (performance.now() - loadFrom) / 1000;
  const stages = pipeline.stages.filter(({ replica }) => replica === 0);
  const plan = { ...asked, microBatches: asked.microBatches ?? (await enough(pipeline, source)) };
  const { replicas, microBatches } = plan;
  const window = new SteadyWindow({ stages: plan.stages, replicas, openAfter: plan.warmUp, microBatches });
  opened.window = window;
  source.onLoaded?.(pipeline, plan.warmUp + microBatches + plan.coolDown);
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

/** Throughput of a shorter window is mostly chance. */
const WINDOW_SECONDS = 2;
const LEAST_MICRO_BATCHES = 12;
/** A page of more is slow to look at. */
const MOST_MICRO_BATCHES = 2000;
const PILOT = 4;

/** Micro-batches that fill the window, by the shortest time between two results of a short run. */
async function enough(pipeline: Pipeline, source: RunSource): Promise<number> {
  let [last, shortest] = [performance.now(), Infinity];
  for await (const _ of pipeline.run(source.inputs(PILOT))) {
    const now = performance.now();
    [last, shortest] = [now, Math.min(shortest, now - last)];
  }
  const count = Math.ceil((WINDOW_SECONDS * 1000) / shortest);
  return Math.min(MOST_MICRO_BATCHES, Math.max(LEAST_MICRO_BATCHES, count));
}

type Planned = RunPlan & { readonly microBatches: number };

function throughput(
  plan: RunPlan,
  { seconds, microBatches, rates }: SteadyActivity,
): Pick<MeasuredRun, 'sequencesPerSecond' | 'tokensPerSecond' | 'spread'> {
  const sequencesPerSecond = (microBatches * plan.microBatch) / seconds;
  const sorted = rates.map((rate) => rate * plan.microBatch).sort((a, b) => a - b);
  const [low, high] = [sorted[2], sorted.at(-3)];
  const spread = low === undefined || high === undefined ? {} : { spread: { low, high } };
  return { sequencesPerSecond, ...spread, tokensPerSecond: sequencesPerSecond * plan.sequenceLength };
}

/** Share of stage time in which nothing was computed. */
function bubble({ ranks }: SteadyActivity): number {
  const busy = ranks.reduce((sum, { busyShare }) => sum + busyShare, 0) / ranks.length;
  return Math.max(0, 1 - busy);
}

async function stream(
  plan: Planned,
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
  for await (const { tensors, latencyNs } of pipeline.run(
    source.inputs(plan.warmUp + plan.microBatches + plan.coolDown),
  )) {
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

function tooShort({ microBatches, warmUp, coolDown }: Planned): string {
  return (
    `the run ended before its measured window of ${microBatches} micro-batches (after ${warmUp} to warm up, ` +
    `before ${coolDown} to cool down) was complete: give --micro-batches a larger number.`
  );
}
