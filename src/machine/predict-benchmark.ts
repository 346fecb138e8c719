import { distinct, type Warning } from '../../ipu-config/base/warning.js';
import type { IpuConfig } from '../../ipu-config/ipu-config.js';
import { scheduleByName } from '../../pipeline/schedules/registry.js';
import type { Schedule, ScheduleGenerator } from '../../pipeline/schedule/schedule.js';
import type { Span } from '../../pipeline/schedule/span.js';
import { evenConfig } from '../../ipu-config/even-config.js';
import { pipelineWay } from '../benchmark/pipeline-way.js';
import type { BenchmarkReport, MeasuredRun, Percentiles } from '../benchmark/benchmark-report.js';
import type { BertModel } from '../runs/model.js';
import { oneDevice } from '../models/families/stage-plan.js';
import type { MachineProfile } from './machine-profile.js';
import { predictRuntime, type RuntimePrediction } from './predict-runtime.js';

/** What a run of a benchmark was predicted to do, beside what it did. */
export interface RunPrediction {
  /** The run's name in the report. */
  readonly run: string;
  readonly predicted: Compared;
  readonly measured: Compared;
  /** Predicted over measured sequences per second, less 1. */
  readonly error: number;
}

export interface Compared {
  readonly sequencesPerSecond: number;
  readonly latencyMs: Percentiles;
  readonly bubbleShare: number;
  /** By rank, of the first replica: time of one micro-batch's actions. */
  readonly stageMs: readonly number[];
  readonly boundBy: string;
}

export interface BenchmarkPrediction {
  readonly profiled: string;
  readonly runs: readonly RunPrediction[];
  readonly warnings: readonly Warning[];
}

/** What a caller can watch: each run, then the spans of its simulation. */
export interface PredictionHooks {
  onRun?(measured: MeasuredRun): void;
  onSpan?(span: Span): void;
}

/** A benchmark that has run, and what it ran on. */
export interface BenchmarkedRun {
  readonly model: BertModel;
  readonly config: IpuConfig;
  readonly report: BenchmarkReport;
  /** The report's own by its name when absent. */
  readonly schedule?: ScheduleGenerator | Schedule;
  /** 2 when absent. */
  readonly slotsPerLink?: number;
}

/**
 * Predicts every run of a benchmark from a profile.
 * @throws InputError, ScheduleError as `predictRuntime`
 */
export function predictBenchmark(
  machine: MachineProfile,
  { model, config, report, schedule, slotsPerLink }: BenchmarkedRun,
  hooks: PredictionHooks = {},
): BenchmarkPrediction {
  const { settings } = report;
  const warnings = [...differences(machine, report)];
  const order = schedule ?? scheduleByName(settings.schedule);
  const runs = report.runs.map((measured) => {
    const ipus = new Set(measured.stages.map(({ ipu }) => ipu)).size;
    const isLast = measured === report.runs.at(-1);
    const way =
      isLast || ipus > 1 ? pipelineWay(model, isLast ? config : evenConfig(ipus), order) : undefined;
    hooks.onRun?.(measured);
    const common = {
      ...settings,
      model: model.config,
      ...(slotsPerLink === undefined ? {} : { slotsPerLink }),
      ...(hooks.onSpan ? { onSpan: hooks.onSpan.bind(hooks) } : {}),
    };
    const prediction = way
      ? predictRuntime(machine, { ...common, ...way, schedule: generatorOf(way.schedule) })
      : predictRuntime(machine, {
          ...common,
          stages: oneDevice(model.config, model.head),
          threadsPerStage: measured.threads,
          replicas: 1,
          deviceIterations: 1,
          schedule: scheduleByName('fill-drain'),
        });
    warnings.push(...prediction.warnings);
    return compare(measured, prediction);
  });
  return { profiled: machine.date, runs, warnings: distinct(warnings) };
}

function generatorOf(schedule: ScheduleGenerator | Schedule): ScheduleGenerator {
  return typeof schedule === 'function' ? schedule : () => schedule;
}

function compare(measured: MeasuredRun, prediction: RuntimePrediction): RunPrediction {
  return {
    run: measured.name,
    predicted: compared(prediction),
    measured: compared(measured),
    error: prediction.sequencesPerSecond / measured.sequencesPerSecond - 1,
  };
}

function compared({
  sequencesPerSecond,
  latencyMs,
  bubbleShare,
  activity,
  boundBy,
}: RuntimePrediction | MeasuredRun): Compared {
  const first = activity.ranks.filter(({ replica }) => replica === 0);
  return {
    sequencesPerSecond,
    latencyMs,
    bubbleShare,
    stageMs: first.map(({ microBatchMs }) => microBatchMs),
    boundBy,
  };
}

/** A profile of something else is used, but not in silence. */
function differences(
  { machine, executor }: MachineProfile,
  { environment, settings }: BenchmarkReport,
): Warning[] {
  const pairs = [
    ['executor', executor, settings.executor],
    ['processor', machine.cpu, environment.cpu],
    ['number of cores', machine.cores, environment.cores],
    ['onnxruntime', machine.onnxruntime, environment.onnxruntime],
  ] as const;
  return pairs.flatMap(([what, profiled, present]): Warning[] => {
    const text = `the profile is of another ${what} (${profiled}; here ${present})`;
    return profiled === present ? [] : [{ code: 'other-machine', text }];
  });
}
