import { distinct, type Warning } from '../../ipu-config/base/warning.js';
import { availableParallelism } from 'node:os';
import { milliseconds } from '../../ipu-config/base/format.js';
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
import { evenConfig } from '../../ipu-config/even-config.js';
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
  /** Micro-batches to measure, after warm-up and before cool-down; as many as take 2 s when absent. */
  readonly microBatches?: number;
  readonly threadsPerStage: number;
  /** Leave out the runs on one device. */
  readonly pipelineOnly?: boolean;
  /** Also measures the model cut evenly into so many stages, before the pipeline itself. */
  readonly alsoStages?: number;
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
 * Runs the same inputs on one device with one thread, on one device with as many threads as the pipeline has, on
 * the model cut into `alsoStages`, where that is given, and on the pipeline, one after another.
 * @throws InputError, ConfigError, CheckpointError before anything has started; StageFailedError when a stage fails
 */
export async function benchmark(
  options: BenchmarkOptions,
  hooks: BenchmarkHooks = {},
): Promise<BenchmarkReport> {
  const { config, alsoStages } = options;
  const warnings: Warning[] = [];
  const pipelines = [...(alsoStages === undefined ? [] : [evenConfig(alsoStages)]), config].map((cut) =>
    pipelineWayOf(cut, options, warnings),
  );
  const pipeline = pipelines.at(-1)!;
  let settings: Settings = benchmarkSettings(options, pipeline);
  const runs: MeasuredRun[] = [];
  for (const way of [...(options.pipelineOnly ? [] : oneDeviceWays(options, pipeline)), ...pipelines]) {
    const run = await runWay(way, { options, settings, hooks, warnings });
    // What the first run found enough is what the others run too: outputs are compared.
    settings = { ...settings, microBatches: run.activity.microBatches };
    runs.push(run);
  }
  return {
    format: 'ipu-pipeline-benchmark',
    version: 1,
    date: new Date().toISOString(),
    environment: environment(),
    settings: { ...settings, microBatches: runs[0]!.activity.microBatches },
    runs,
    ...(runs.length > 1
      ? { identicalOutputs: runs.every(({ outputDigest }) => outputDigest === runs[0]!.outputDigest) }
      : {}),
    attributes: describeConfig(config),
    warnings: distinct([...warnings, ...runs.flatMap(shortWindow)]),
  };
}

type PipelineWayOf = Way & { readonly deviceIterations: number };

/** @throws ConfigError, InputError when the model cannot be cut or run so */
function pipelineWayOf(config: IpuConfig, options: BenchmarkOptions, warnings: Warning[]): PipelineWayOf {
  const { warnings: found, ...way } = pipelineWay(options.model, config, options.schedule);
  warnings.push(...found);
  const name = `pipeline, ${way.stages.length} stages`;
  const pipeline = { ...way, name, threadsPerStage: options.threadsPerStage };
  checkBertPipeline(pipelineOptions(pipeline, options));
  return pipeline;
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

/** So short a window shows chance, and not the machine. */
const SHORT_SECONDS = 0.5;

function shortWindow({ name, activity }: MeasuredRun): Warning[] {
  if (activity.seconds >= SHORT_SECONDS) return [];
  const text =
    `${name}: ${activity.microBatches} micro-batches took ${milliseconds(activity.seconds * 1e3)}, too short to mean much. ` +
    'Leave --micro-batches out, or give more.';
  return [{ code: 'short-window', text }];
}

/** One thread stands for each IPU that has a stage. */
function threadsOf({ stages, threadsPerStage, replicas }: Way): number {
  return new Set(stages.map(({ ipu }) => ipu)).size * threadsPerStage * replicas;
}

/** Of a benchmark whose first run may still have to say how many micro-batches are enough. */
type Settings = Omit<BenchmarkSettings, 'microBatches'> & { readonly microBatches?: number };

function benchmarkSettings(options: BenchmarkOptions, pipeline: PipelineWayOf): Settings {
  // Enough to fill every slot of every link before the window opens, and to keep every stage at work until it closes.
  const depth = (pipeline.stages.length - 1) * pipeline.replicas;
  return {
    model: options.model.name,
    config: options.configName,
    executor: options.executor,
    schedule: options.scheduleName,
    sequenceLength: options.sequenceLength,
    microBatch: options.microBatch,
    ...(options.microBatches === undefined ? {} : { microBatches: options.microBatches }),
    warmUp: depth + pipeline.replicas,
    coolDown: depth,
    threadsPerStage: options.threadsPerStage,
    replicas: pipeline.replicas,
    deviceIterations: pipeline.deviceIterations,
  };
}

interface WayContext {
  readonly options: BenchmarkOptions;
  readonly settings: Settings;
  readonly hooks: BenchmarkHooks;
  readonly warnings: Warning[];
}

function runWay(way: Way, context: WayContext): Promise<MeasuredRun> {
  const { options, settings, hooks } = context;
  const plan: RunPlan = {
    ...settings,
    name: way.name,
    cores: availableParallelism(),
    threads: threadsOf(way),
    stages: way.stages.length,
    replicas: way.replicas,
  };
  const workload = new Workload(options.tokenizer, settings, rowInputs(options.model.config));
  return measureRun(plan, {
    inputs: (count) => workload.microBatches(count),
    start: (onSpan) => startWay(way, context, onSpan),
    onLoaded: (pipeline, total) => {
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
