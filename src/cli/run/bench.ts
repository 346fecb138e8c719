import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { figure } from '../../../ipu-config/base/format.js';
import { parseJson } from '../../../ipu-config/base/json-text.js';
import { checkedBy } from '../../../ipu-config/base/checked.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import { parseCsv } from '../../../pipeline/schedule/schedule-csv.js';
import type { Schedule, ScheduleGenerator } from '../../../pipeline/schedule/schedule.js';
import { SCHEDULE_NAMES, SCHEDULES } from '../../../pipeline/schedules/registry.js';
import { benchmark, type BenchmarkHooks } from '../../benchmark/benchmark.js';
import {
  checkSameWork,
  compareBenchmarks,
  type BenchmarkComparison,
} from '../../benchmark/compare-benchmarks.js';
import { SAVED_BENCHMARK, type SavedBenchmark } from '../../benchmark/benchmark-schema.js';
import { comparisonText } from '../../report/text/comparison-text.js';
import type { BertModel } from '../../runs/model.js';
import { benchmarkTable } from '../../report/text/benchmark-table.js';
import { predictionText } from '../../report/text/prediction-text.js';
import type { PredictionHooks } from '../../machine/predict-benchmark.js';
import { tokenizerOf } from '../../runs/model-tokenizer.js';
import { BenchOutputs, type OutputFlags } from './bench-outputs.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';
import { configFor, ownConfig } from '../flags/default-config.js';
import { executorOf, withExecutorOption } from '../flags/executor-option.js';
import { openModelWithBar } from '../flags/open-model.js';
import { finiteNumber, MOST, wholeNumber } from '../flags/options.js';
import {
  addPredictOptions,
  profileFor,
  withPrediction,
  type PredictedReport,
  type PredictFlags,
} from './predict.js';
import { reportUnused } from '../flags/unused-tensors.js';
import { ProgressBars, type Progress } from '../flags/progress.js';
import { abortOnInterrupt, atLastMoment } from '../flags/ending.js';
import { OutputOption } from '../flags/outputs.js';

interface BenchFlags extends PredictFlags, OutputFlags {
  readonly config?: string;
  readonly model: string;
  readonly executor: string;
  readonly seqLen: number;
  readonly microBatch: number;
  readonly microBatches?: number;
  readonly schedule: string;
  readonly slotsPerLink: number;
  readonly threadsPerStage: number;
  readonly single: boolean;
  readonly verbose?: boolean;
  readonly compare?: string;
  readonly threshold?: number;
}

/** `ipu-pipeline bench`, which is also `npm start`. */
export function benchCommand(): Command {
  return addPredictOptions(withExecutorOption(new Command('bench')))
    .description('measure the pipeline that a configuration describes against one device, on the same inputs')
    .option(
      '--config <file>',
      "an ipu_config.json, a directory that holds one, or a preset (default: the model's own, or the published one for its layers)",
    )
    .option(
      '--model <model>',
      'a Hugging Face directory, ORG/NAME of the hub, or synthetic:SIZE (bert-base, roberta-large, …)',
      'synthetic:bert-large',
    )
    .option('--seq-len <n>', 'tokens in a row', wholeNumber(1), 128)
    .option('--micro-batch <n>', 'rows in a micro-batch', wholeNumber(1, MOST.rows), 1)
    .option(
      '--micro-batches <n>',
      'micro-batches to measure, beyond warm-up and cool-down (default: as many as take 2 s; 12 to 2000)',
      wholeNumber(1, MOST.microBatches),
    )
    .option(
      '--schedule <name-or-file.csv>',
      `order of actions: ${SCHEDULE_NAMES.join(', ')}, or a CSV file of torch.distributed.pipelining with forward actions, which says stages, ranks and micro-batches of a call`,
      'fill-drain',
    )
    .option(
      '--slots-per-link <n>',
      'micro-batches that fit between two stages',
      wholeNumber(1, MOST.slots),
      2,
    )
    .option('--threads-per-stage <n>', 'threads that compute within a stage', wholeNumber(1, MOST.threads), 1)
    .option('--verbose', 'list the tensors of the model that it does not need')
    .option('--no-single', 'leave out the runs on one device')
    .option('--compare <file>', 'put the runs beside those of an earlier --json FILE')
    .option(
      '--threshold <x>',
      'exit with 2 when a run has less than x times the throughput of its run in --compare',
      finiteNumber,
    )
    .addOption(
      new OutputOption('--json <file>', 'write all figures, settings, versions and timelines to a file'),
    )
    .addOption(new OutputOption('--html <file>', 'write them as one page that works from disk'))
    .addOption(
      new OutputOption('--trace <file>', 'stream a trace of all runs for Perfetto or chrome://tracing'),
    )
    .addOption(new OutputOption('--record <file>', "stream the runs' spans to a file of MessagePack records"))
    .action(async (flags: BenchFlags, command: Command) => {
      const { report, comparison } = await runBenchmark(flags);
      const { prediction } = report;
      const parts = [
        benchmarkTable(report),
        ...(prediction ? [predictionText(prediction)] : []),
        ...(comparison ? [comparisonText(comparison)] : []),
      ];
      command.configureOutput().writeOut?.(`${parts.join('\n\n')}\n`);
      if (comparison) checkThreshold(comparison, flags);
    });
}

interface BenchResult {
  readonly report: PredictedReport;
  readonly comparison?: BenchmarkComparison;
}

async function runBenchmark(flags: BenchFlags): Promise<BenchResult> {
  const before = await earlierReport(flags);
  const outputs = new BenchOutputs(flags);
  atLastMoment(() => outputs.close());
  try {
    const report = await measure(flags, outputs, before);
    await outputs.write(report);
    return before ? { report, comparison: compareBenchmarks(report, before.report) } : { report };
  } finally {
    outputs.close();
  }
}

interface Earlier {
  readonly file: string;
  readonly report: SavedBenchmark;
}

async function earlierReport({ compare, threshold }: BenchFlags): Promise<Earlier | undefined> {
  if (compare === undefined) {
    if (threshold === undefined) return undefined;
    throw new InputError('--threshold is about --compare: give a report to compare with too.');
  }
  const value = parseJson(compare, await readText(compare), InputError);
  return { file: compare, report: checkedBy(SAVED_BENCHMARK, value, compare) };
}

/** @throws InputError when a run is slower than the user lets it be */
function checkThreshold({ runs }: BenchmarkComparison, { threshold, compare }: BenchFlags): void {
  const slow = runs.filter(({ ratio }) => threshold !== undefined && !(ratio >= threshold));
  if (slow.length === 0) return;
  const names = slow.map(({ name, ratio }) => `${name}: ${figure(ratio)} ×`).join('; ');
  throw new InputError(`slower than --threshold ${threshold} of ${compare}: ${names}.`);
}

async function measure(
  flags: BenchFlags,
  outputs: BenchOutputs,
  before: Earlier | undefined,
): Promise<PredictedReport> {
  const signal = abortOnInterrupt();
  const schedule = await scheduleOf(flags.schedule);
  const executor = await executorOf(flags);
  const model = await openModelWithBar(flags.model, signal);
  const { microBatch, threadsPerStage, seqLen: sequenceLength } = flags;
  const work = { model: model.name, executor, microBatch, threadsPerStage, sequenceLength };
  if (before) checkSameWork(work, before.report, before.file);
  if (flags.verbose) await reportUnused(model);
  const { name: configName, config, warnings } = await configFor(model, flags.config);
  config.eval();
  const tokenizer = await tokenizerOf(model);
  const profile = await profileFor(flags, model, { executor, signal });
  const bars = new ProgressBars();
  try {
    const report = await benchmark(
      {
        model,
        tokenizer,
        config,
        configName,
        executor,
        scheduleName: flags.schedule,
        schedule,
        slotsPerLink: flags.slotsPerLink,
        ...{ sequenceLength, microBatch, threadsPerStage },
        ...(flags.microBatches === undefined ? {} : { microBatches: flags.microBatches }),
        ...(await alsoStages(flags, model, config.get('inference_layers_per_ipu').length)),
        pipelineOnly: !flags.single,
        signal,
      },
      hooksFor(bars, outputs),
    );
    const all = { ...report, warnings: [...warnings, ...report.warnings] };
    const run = { model, config, schedule, slotsPerLink: flags.slotsPerLink };
    return withPrediction(all, profile, run, predictionHooks(outputs));
  } finally {
    bars.stop();
  }
}

/**
 * A pipeline with a stage for each core, beside a published one that has more stages than that: nobody asked for
 * that one, and it says little of this machine.
 */
async function alsoStages(
  { config: asked, schedule, threadsPerStage }: BenchFlags,
  model: BertModel,
  stages: number,
): Promise<{ alsoStages?: number }> {
  if (asked !== undefined || schedule.endsWith('.csv') || (await ownConfig(model)) !== undefined) return {};
  const cores = Math.floor(availableParallelism() / threadsPerStage);
  return cores >= 2 && cores < stages ? { alsoStages: cores } : {};
}

/** @throws InputError, ScheduleError */
async function scheduleOf(source: string): Promise<ScheduleGenerator | Schedule> {
  if (source.toLowerCase().endsWith('.csv')) return parseCsv(source, await readText(source));
  const known = SCHEDULES.find(({ name }) => name === source.toLowerCase());
  if (known?.isTraining === false) return known.generate;
  const choices = `it must be one of ${SCHEDULE_NAMES.join(', ')}, or a .csv file`;
  if (known === undefined) throw new InputError(`--schedule ${source} is no schedule: ${choices}.`);
  throw new InputError(
    `--schedule ${source} has a backward pass, and the stages of a model only go forward here: ${choices}. ` +
      `\`ipu-pipeline schedule ${known.name}\` shows and times it.`,
  );
}

/** Two bars for each run, loading, then micro-batches; and its spans to the outputs. */
function hooksFor(bars: ProgressBars, outputs: BenchOutputs): BenchmarkHooks {
  let loading: { run: string; bar: Progress } | undefined;
  let running: Progress | undefined;
  return {
    onLoading(run, share) {
      if (loading?.run !== run) loading = { run, bar: bars.start(`${run}: loading`, 100, '%') };
      loading.bar.update(Math.round(share * 100));
    },
    onRun(name, stages, total, ipus) {
      loading?.bar.stop();
      running = bars.start(name, total, 'micro-batches');
      outputs.beginRun({ name, kind: 'measured', stages, stageToRank: ipus });
    },
    onMicroBatch(_run, done) {
      running?.update(done);
    },
    ...(outputs.wantsSpans ? { onSpan: (span) => outputs.add(span) } : {}),
  };
}

/** Predicted runs lie beside the measured ones, in traces and pages. */
function predictionHooks(outputs: BenchOutputs): PredictionHooks {
  if (!outputs.wantsSpans) return {};
  return {
    onRun: ({ name, stages }) =>
      outputs.beginRun({
        name: `${name}, predicted`,
        kind: 'simulated',
        stages: stages.map((stage) => stage.name),
        stageToRank: stages.map(({ ipu }) => ipu),
      }),
    onSpan: (span) => outputs.add(span),
  };
}
