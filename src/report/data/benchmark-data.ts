import type { SavedBenchmark } from '../../benchmark/benchmark-schema.js';
import { noiseOf } from '../../../ipu-config/base/noise.js';
import type { TimelineData } from '../../observe/timeline-collector.js';
import { bytes, figure, milliseconds, percent } from '../../../ipu-config/base/format.js';
import { benchmarkVerdict } from './benchmark-verdict.js';
import type { Fact, Highlight, ReportData, ReportTable, StackedBars, Throughput } from './report-data.js';

type SavedRun = SavedBenchmark['runs'][number];

/** A benchmark as the page shows it. @param timelines of its runs, as far as there are any */
export function benchmarkData(report: SavedBenchmark, timelines: readonly TimelineData[] = []): ReportData {
  const { settings, environment, runs } = report;
  const pipeline = runs.at(-1)!;
  return {
    format: 'ipu-pipeline-report',
    version: 1,
    title: settings.model,
    subtitle: `${pipeline.name}, executor ${settings.executor}, ${settings.schedule}, on ${environment.cpu}`,
    kind: report.prediction === undefined ? 'measured' : 'measured and simulated',
    date: report.date,
    highlights: highlights(runs),
    summary: summary(report),
    warnings: [...report.warnings, ...(report.prediction?.warnings ?? [])],
    // The pipeline is what the page is about; one device is what it is compared with.
    timelines: [...timelines].sort(order),
    throughput: throughput(report),
    time: [timeBars(pipeline, report)],
    memory: [weightBars(pipeline, settings.replicas)],
    latency: runs.map(({ name, latencyMs, latencyHistogram }) => ({
      name,
      p50Ms: latencyMs.p50,
      p95Ms: latencyMs.p95,
      p99Ms: latencyMs.p99,
      histogram: latencyHistogram,
    })),
    configuration: {
      name: settings.config,
      warnings: [],
      attributes: report.attributes.map(({ name, value, source, note }) => {
        return { name, value: JSON.stringify(value), source, note };
      }),
    },
    settings: settingFacts(report),
    tables: [runsTable(runs)],
  };
}

/** By the number of stages, then by name: a prediction follows its measurement. */
function order({ run: a }: TimelineData, { run: b }: TimelineData): number {
  return b.stages.length - a.stages.length || a.name.localeCompare(b.name, 'en', { numeric: true });
}

/** Each run, with its prediction below it where there is one. */
function throughput({ runs, prediction }: SavedBenchmark): Throughput[] {
  return runs.flatMap(({ name, sequencesPerSecond }): Throughput[] => {
    const predicted = prediction?.runs.find(({ run }) => run === name)?.predicted;
    return [
      { name, sequencesPerSecond, kind: 'measured' },
      ...(predicted === undefined
        ? []
        : [
            {
              name: `${name}, predicted`,
              sequencesPerSecond: predicted.sequencesPerSecond,
              kind: 'simulated' as const,
            },
          ]),
    ];
  });
}

function highlights(runs: readonly SavedRun[]): Highlight[] {
  const pipeline = runs.at(-1)!;
  const base = runs[0]!;
  const ratio = pipeline.sequencesPerSecond / base.sequencesPerSecond;
  return [
    { label: 'throughput', value: `${figure(pipeline.sequencesPerSecond)} seq/s`, note: pipeline.name },
    ...(base === pipeline
      ? []
      : [{ label: 'against one device', value: `${figure(ratio)} ×`, note: base.name }]),
    {
      label: 'latency, median',
      value: milliseconds(pipeline.latencyMs.p50),
      note: `of ${pipeline.activity.microBatches} micro-batches`,
    },
    { label: 'bubble', value: percent(pipeline.bubbleShare), note: 'of stage time, nothing is computed' },
  ];
}

function summary(report: SavedBenchmark): string[] {
  const { settings, identicalOutputs } = report;
  return [
    ...benchmarkVerdict(report),
    `Counted are ${settings.microBatches} micro-batches in steady state, after ${settings.warmUp} to warm up and before ${settings.coolDown} to cool down; loading is apart.`,
    ...(identicalOutputs === undefined
      ? []
      : [
          identicalOutputs
            ? 'Outputs of all runs are identical, bit for bit.'
            : 'Outputs differ between the runs.',
        ]),
  ];
}

function timeBars(run: SavedRun, { settings }: SavedBenchmark): StackedBars {
  const { seconds, microBatches, ranks } = run.activity;
  const perMicroBatch = (share: number): number => (share * seconds * 1e3 * settings.replicas) / microBatches;
  return {
    title: 'Time of each IPU',
    note: 'Milliseconds for one micro-batch, in steady state.',
    unit: 'ms',
    parts: 'activities',
    bars: ranks.map((rank) => ({
      name: barName(rank, settings.replicas),
      detail: heldBy(run, rank.rank),
      parts: [
        { name: 'compute', value: perMicroBatch(rank.busyShare) },
        ...Object.entries(rank.stallShares).map(([cause, share]) => {
          return { name: `waits: ${cause}`, value: perMicroBatch(share) };
        }),
      ],
    })),
  };
}

function weightBars(run: SavedRun, replicas: number): StackedBars {
  const firstReplica = run.activity.ranks.filter(({ replica }) => replica === 0);
  return {
    title: 'Weights of each IPU',
    note:
      'What its stages hold on this machine, whose memory they share: no limit of an IPU applies.' +
      (replicas > 1 ? ` Each of the ${replicas} replicas holds as much.` : ''),
    unit: 'bytes',
    parts: 'series',
    bars: firstReplica.map(({ rank }) => ({
      name: `IPU ${rank}`,
      detail: heldBy(run, rank),
      parts: run.stages
        .filter(({ ipu }) => ipu === rank)
        .map(({ weightBytes }) => ({ name: 'weights', value: weightBytes })),
    })),
  };
}

function barName({ replica, rank }: SavedRun['activity']['ranks'][number], replicas: number): string {
  return replicas > 1 ? `IPU ${rank}, replica ${replica}` : `IPU ${rank}`;
}

function heldBy({ stages }: SavedRun, rank: number): string {
  const own = stages.filter(({ ipu }) => ipu === rank);
  return own.map(({ name }) => name).join(' + ');
}

function settingFacts({ settings, environment }: SavedBenchmark): Fact[] {
  return [
    { label: 'model', value: settings.model },
    { label: 'configuration', value: settings.config },
    { label: 'executor', value: settings.executor },
    { label: 'schedule', value: settings.schedule },
    { label: 'sequence length', value: `${settings.sequenceLength}` },
    { label: 'rows in a micro-batch', value: `${settings.microBatch}` },
    { label: 'micro-batches', value: `${settings.microBatches}` },
    { label: 'threads per stage', value: `${settings.threadsPerStage}` },
    { label: 'replicas', value: `${settings.replicas}` },
    { label: 'device iterations', value: `${settings.deviceIterations}` },
    {
      label: 'machine',
      value: `${environment.cpu}, ${environment.cores} cores, ${bytes(environment.memoryBytes)}`,
    },
    { label: 'Node', value: environment.node },
    { label: 'ONNX Runtime', value: environment.onnxruntime ?? 'not installed' },
    { label: 'ipu-pipeline', value: environment.ipuPipeline },
  ];
}

function runsTable(runs: readonly SavedRun[]): ReportTable {
  return {
    title: 'All runs',
    columns: ['run', 'threads', ...RUN_COLUMNS],
    rows: runs.map((run) => [run.name, run.threads, ...runFigures(run)]),
  };
}

/** What a table says of a run. */
export const RUN_COLUMNS = ['sequences/s', 'tokens/s', 'p50', 'p95', 'p99', 'bubble', 'load'] as const;
export function runFigures(run: SavedRun): string[] {
  const { p50, p95, p99 } = run.latencyMs;
  const samples = run.latencyHistogram.counts.reduce((sum, count) => sum + count, 0);
  const noise = noiseOf(run);
  const about = noise === undefined ? '' : ` ± ${Math.round(100 * noise)} %`;
  return [
    `${figure(run.sequencesPerSecond)}${about}`,
    figure(run.tokensPerSecond),
    milliseconds(p50),
    // The slowest one of 20, or of 100: fewer samples do not say it.
    samples < 20 ? '–' : milliseconds(p95),
    samples < 100 ? '–' : milliseconds(p99),
    percent(run.bubbleShare),
    milliseconds(run.loadSeconds * 1e3),
  ];
}
