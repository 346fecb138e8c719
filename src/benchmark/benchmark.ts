import { distinct, type Warning } from '../../ipu-config/base/warning.js';
import { availableParallelism } from 'node:os';
import { describeConfig } from '../../ipu-config/describe-config.js';
import type { IpuConfig } from '../../ipu-config/ipu-config.js';
import type { Schedule, ScheduleGenerator } from '../../pipeline/schedule/schedule.js';
import type { Pipeline } from '../../pipeline/runtime/pipeline.js';
import type { Span } from '../../pipeline/schedule/span.js';
import { checkBertPipeline, startBertPipeline, type BertPipelineOptions } from '../runs/bert-pipeline.js';
import { rowInputs } from '../models/families/families.js';
import type { BertModel } from '../runs/model.js';
import { oneDevice, type PlannedStage } from '../models/families/stage-plan.js';
import type { BenchmarkReport, BenchmarkSettings, MeasuredRun } from './benchmark-report.js';
import { environment } from './environment.js';
import { measureRun, type RunPlan } from './measure-run.js';
import { pipelineWay } from './pipeline-way.js';
import { Workload, type WorkloadTokenizer } from './workload.js';

export interface BenchmarkOptions {
  readonly model: BertModel;
  readonly tokenizer: WorkloadTokenizer;
  /** In inference mode. */
  readonly config: IpuConfig;
  /** How reports call the configuration: a file, a preset. */
  readonly configName: string;
  readonly executor: string;
  readonly scheduleName: string;
  /** Given whole, it says which stages there are and how long a call is: see `pipelineWay`. */
  readonly schedule: ScheduleGenerator | Schedule;
  /** 2 when absent. */
  readonly slotsPerLink?: number;
  readonly sequenceLength: number;
  readonly microBatch: number;
  /** Micro-batches to measure, after warm-up and before cool-down. */
  readonly microBatches: number;
  readonly threadsPerStage: number;
  /** Leave out the runs on one device. */
  readonly pipelineOnly?: boolean;
  readonly signal?: AbortSignal;
}

/** What a caller can watch. `total` counts micro-batches. */
export interface BenchmarkHooks {
  onLoading?(run: string, share: number): void;
  /** @param ipus the IPU of each stage, which is the rank of its spans */
  onRun?(run: string, stages: readonly string[], total: number, ipus: readonly number[]): void;
  onMicroBatch?(run: string, done: number): void;
  onSpan?(span: Span): void;
}

interface Way {
  readonly name: string;
  readonly stages: readonly PlannedStage[];
  readonly threadsPerStage: number;
  readonly replicas: number;
  /** Only of the pipeline. */
  readonly schedule?: ScheduleGenerator | Schedule;
  readonly deviceIterations?: number;
}

/**
 * Runs the same inputs on one device with one thread, on one device with as many threads as the pipeline has,
 * and on the pipeline, one after another.
 * @throws InputError, ConfigError, CheckpointError before anything has started; StageFailedError when a stage fails
 */
export async function benchmark(
  options: BenchmarkOptions,
  hooks: BenchmarkHooks = {},
): Promise<BenchmarkReport> {
  const { config, model } = options;
  const { warnings: found, ...way } = pipelineWay(model, config, options.schedule);
  const name = `pipeline, ${way.stages.length} stages`;
  const pipeline = { ...way, name, threadsPerStage: options.threadsPerStage };
  checkBertPipeline(pipelineOptions(pipeline, options));
  const settings = benchmarkSettings(options, pipeline);
  const warnings = [...found];
  const runs: MeasuredRun[] = [];
  for (const way of [...(options.pipelineOnly ? [] : oneDeviceWays(options, pipeline)), pipeline]) {
    runs.push(await runWay(way, { options, settings, hooks, warnings }));
  }
  return {
    format: 'ipu-pipeline-benchmark',
    version: 1,
    date: new Date().toISOString(),
    environment: environment(),
    settings,
    runs,
    ...(runs.length > 1
      ? { identicalOutputs: runs.every(({ outputDigest }) => outputDigest === runs[0]!.outputDigest) }
      : {}),
    attributes: describeConfig(config),
    warnings: distinct(warnings),
  };
}

function oneDeviceWays({ model }: BenchmarkOptions, pipeline: Way): Way[] {
  const stages = oneDevice(model.config, model.head);
  return [...new Set([1, threadsOf(pipeline)])].map((threads) => ({
    name: `one device, ${threads} thread${threads === 1 ? '' : 's'}`,
    stages,
    threadsPerStage: threads,
    replicas: 1,
  }));
}

/** One thread stands for each IPU that has a stage. */
function threadsOf({ stages, threadsPerStage, replicas }: Way): number {
  return new Set(stages.map(({ ipu }) => ipu)).size * threadsPerStage * replicas;
}

function benchmarkSettings(
  options: BenchmarkOptions,
  pipeline: Way & { deviceIterations: number },
): BenchmarkSettings {
  // Enough to fill every slot of every link before the window opens, and to keep every stage at work until it closes.
  const depth = (pipeline.stages.length - 1) * pipeline.replicas;
  return {
    model: options.model.name,
    config: options.configName,
    executor: options.executor,
    schedule: options.scheduleName,
    sequenceLength: options.sequenceLength,
    microBatch: options.microBatch,
    microBatches: options.microBatches,
    warmUp: depth + pipeline.replicas,
    coolDown: depth,
    threadsPerStage: options.threadsPerStage,
    replicas: pipeline.replicas,
    deviceIterations: pipeline.deviceIterations,
  };
}

interface WayContext {
  readonly options: BenchmarkOptions;
  readonly settings: BenchmarkSettings;
  readonly hooks: BenchmarkHooks;
  readonly warnings: Warning[];
}

function runWay(way: Way, context: WayContext): Promise<MeasuredRun> {
  const { options, settings, hooks } = context;
  const { warmUp, microBatches, coolDown, sequenceLength, microBatch } = settings;
  const total = warmUp + microBatches + coolDown;
  const plan: RunPlan = {
    ...{ warmUp, microBatches, coolDown, sequenceLength, microBatch },
    name: way.name,
    cores: availableParallelism(),
    threads: threadsOf(way),
    stages: way.stages.length,
    replicas: way.replicas,
  };
  const workload = new Workload(options.tokenizer, settings, rowInputs(options.model.config));
  return measureRun(plan, {
    inputs: workload.microBatches(total),
    start: (onSpan) => startWay(way, context, onSpan),
    onLoaded: (pipeline) => {
      const own = pipeline.stages.filter(({ replica }) => replica === 0);
      const ipus = own.map(({ ipu }) => ipu);
      hooks.onRun?.(
        way.name,
        own.map(({ name }) => name),
        total,
        ipus,
      );
    },
    ...(hooks.onSpan ? { onSpan: hooks.onSpan.bind(hooks) } : {}),
    onMicroBatch: (done) => hooks.onMicroBatch?.(way.name, done),
  });
}

function startWay(way: Way, context: WayContext, onSpan: (span: Span) => void): Promise<Pipeline> {
  const { options, hooks, warnings } = context;
  const loaded = new Map<string, number>();
  return startBertPipeline({
    ...pipelineOptions(way, options),
    onSpan,
    onProgress: (stage, fraction, replica) => {
      loaded.set(`${replica}:${stage}`, fraction);
      const sum = [...loaded.values()].reduce((a, b) => a + b, 0);
      hooks.onLoading?.(way.name, sum / (way.stages.length * way.replicas));
    },
    onWarning: (warning) => warnings.push(warning),
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

function pipelineOptions(
  { stages, threadsPerStage, replicas, schedule, deviceIterations }: Way,
  { model, executor, microBatch, sequenceLength, slotsPerLink }: BenchmarkOptions,
): BertPipelineOptions {
  return {
    ...{ model, stages, executor, microBatch, sequenceLength, threadsPerStage, replicas, slotsPerLink },
    deviceIterations,
    ...(schedule ? { schedule } : {}),
  };
}
