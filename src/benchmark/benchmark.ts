import { availableParallelism } from 'node:os';
import { describeConfig } from '../../ipu-config/describe-config.js';
import type { IpuConfig } from '../../ipu-config/ipu-config.js';
import { placeBert } from '../models/bert/bert-placement.js';
import type { ScheduleGenerator } from '../../pipeline/schedule/schedule.js';
import type { Pipeline } from '../../pipeline/runtime/pipeline.js';
import type { Span } from '../../pipeline/schedule/span.js';
import { startBertPipeline, type BertPipelineOptions } from '../runs/bert-pipeline.js';
import type { BertModel } from '../runs/model.js';
import { oneDevice, planStages, type PlannedStage } from '../models/families/stage-plan.js';
import type { BenchmarkReport, BenchmarkSettings, MeasuredRun } from './benchmark-report.js';
import { environment } from './environment.js';
import { measureRun, type RunPlan } from './measure-run.js';
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
  readonly schedule: ScheduleGenerator;
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
  const placement = placeBert(config, {
    layers: model.config.numHiddenLayers,
    head: model.head,
    mode: 'inference',
  });
  const pipeline: Way = {
    name: `pipeline, ${placement.stages.length} stages`,
    stages: planStages(model.config, placement),
    threadsPerStage: options.threadsPerStage,
    replicas: placement.replicas,
  };
  const settings = benchmarkSettings(options, pipeline);
  const warnings = new Set(placement.warnings);
  const runs: MeasuredRun[] = [];
  for (const way of [...(options.pipelineOnly ? [] : oneDeviceWays(options, pipeline)), pipeline]) {
    runs.push(await runWay(way, { options, settings, hooks, warnings, isPipeline: way === pipeline }));
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
    warnings: [...warnings],
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

function benchmarkSettings(options: BenchmarkOptions, pipeline: Way): BenchmarkSettings {
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
    deviceIterations: options.config.get('inference_device_iterations'),
  };
}

interface WayContext {
  readonly options: BenchmarkOptions;
  readonly settings: BenchmarkSettings;
  readonly hooks: BenchmarkHooks;
  readonly warnings: Set<string>;
  readonly isPipeline: boolean;
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
  const workload = new Workload(options.tokenizer, settings);
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
  const { options, hooks, warnings, isPipeline } = context;
  const loaded = new Map<string, number>();
  const common: BertPipelineOptions = {
    model: options.model,
    stages: way.stages,
    executor: options.executor,
    microBatch: options.microBatch,
    sequenceLength: options.sequenceLength,
    threadsPerStage: way.threadsPerStage,
    replicas: way.replicas,
    onSpan,
    onProgress: (stage, fraction, replica) => {
      loaded.set(`${replica}:${stage}`, fraction);
      const sum = [...loaded.values()].reduce((a, b) => a + b, 0);
      hooks.onLoading?.(way.name, sum / (way.stages.length * way.replicas));
    },
    onWarning: (warning) => warnings.add(warning),
    ...(options.signal ? { signal: options.signal } : {}),
  };
  if (!isPipeline) return startBertPipeline(common);
  const deviceIterations = options.config.get('inference_device_iterations');
  return startBertPipeline({ ...common, schedule: options.schedule, deviceIterations });
}
