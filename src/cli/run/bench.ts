import { Command } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import { parseCsv } from '../../../pipeline/schedule/schedule-csv.js';
import type { Schedule, ScheduleGenerator } from '../../../pipeline/schedule/schedule.js';
import { SCHEDULE_NAMES, SCHEDULES } from '../../../pipeline/schedules/registry.js';
import { benchmark, type BenchmarkHooks } from '../../benchmark/benchmark.js';
import { benchmarkTable } from '../../report/text/benchmark-table.js';
import { predictionText } from '../../report/text/prediction-text.js';
import type { PredictionHooks } from '../../machine/predict-benchmark.js';
import { tokenizerOf } from '../../runs/model-tokenizer.js';
import { BenchOutputs, type OutputFlags } from './bench-outputs.js';
import { readText } from '../flags/config-source.js';
import { configFor } from '../flags/default-config.js';
import { executorOf, withExecutorOption } from '../flags/executor-option.js';
import { openModelWithBar } from '../flags/open-model.js';
import { wholeNumber } from '../flags/options.js';
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
  readonly microBatches: number;
  readonly schedule: string;
  readonly slotsPerLink: number;
  readonly threadsPerStage: number;
  readonly single: boolean;
  readonly verbose?: boolean;
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
      'a Hugging Face directory, ORG/NAME of the hub, or synthetic:bert-SIZE',
      'synthetic:bert-large',
    )
    .option('--seq-len <n>', 'tokens in a row', wholeNumber(1), 128)
    .option('--micro-batch <n>', 'rows in a micro-batch', wholeNumber(1), 1)
    .option(
      '--micro-batches <n>',
      'micro-batches to measure, beyond warm-up and cool-down',
      wholeNumber(1),
      12,
    )
    .option(
      '--schedule <name-or-file.csv>',
      `order of actions: ${SCHEDULE_NAMES.join(', ')}, or a CSV file of torch.distributed.pipelining with forward actions, which says stages, ranks and micro-batches of a call`,
      'fill-drain',
    )
    .option('--slots-per-link <n>', 'micro-batches that fit between two stages', wholeNumber(1), 2)
    .option('--threads-per-stage <n>', 'threads that compute within a stage', wholeNumber(1), 1)
    .option('--verbose', 'list the tensors of the model that it does not need')
    .option('--no-single', 'leave out the runs on one device')
    .addOption(
      new OutputOption('--json <file>', 'write all figures, settings, versions and timelines to a file'),
    )
    .addOption(new OutputOption('--html <file>', 'write them as one page that works from disk'))
    .addOption(
      new OutputOption('--trace <file>', 'stream a trace of all runs for Perfetto or chrome://tracing'),
    )
    .addOption(new OutputOption('--record <file>', "stream the runs' spans to a file of MessagePack records"))
    .action(async (flags: BenchFlags, command: Command) => {
      const report = await runBenchmark(flags);
      const { prediction } = report;
      const text = [benchmarkTable(report), ...(prediction ? ['', predictionText(prediction)] : [])].join(
        '\n',
      );
      command.configureOutput().writeOut?.(`${text}\n`);
    });
}

async function runBenchmark(flags: BenchFlags): Promise<PredictedReport> {
  const outputs = new BenchOutputs(flags);
  atLastMoment(() => outputs.close());
  try {
    const report = await measure(flags, outputs);
    await outputs.write(report);
    return report;
  } finally {
    outputs.close();
  }
}

async function measure(flags: BenchFlags, outputs: BenchOutputs): Promise<PredictedReport> {
  const signal = abortOnInterrupt();
  const schedule = await scheduleOf(flags.schedule);
  const executor = await executorOf(flags);
  const model = await openModelWithBar(flags.model, signal);
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
        sequenceLength: flags.seqLen,
        microBatch: flags.microBatch,
        microBatches: flags.microBatches,
        threadsPerStage: flags.threadsPerStage,
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
