import type { SavedBenchmark } from '../../benchmark/benchmark-schema.js';
import { noiseOf } from '../../../ipu-config/base/noise.js';
import type { Activity } from '../../observe/activity.js';
import type { TimelineData } from '../../observe/timeline-collector.js';
import { bytes, figure, milliseconds, percent } from '../../../ipu-config/base/format.js';
import { benchmarkVerdict, isOneDevice, subjectOf, type SavedRun } from './benchmark-verdict.js';
import type { Fact, Highlight, ReportData, ReportTable, StackedBars, Throughput } from './report-data.js';

const FORWARD: Activity = 'F';

/** A benchmark as the page shows it. @param timelines of its runs, as far as there are any */
export function benchmarkData(report: SavedBenchmark, timelines: readonly TimelineData[] = []): ReportData {
  const { settings, environment, runs } = report;
  const pipelines = runs.filter((run) => !isOneDevice(run));
  const shown = pipelines.length > 0 ? pipelines : runs.slice(-1);
  const [verdict, ...rest] = benchmarkVerdict(report);
  return {
    format: 'ipu-pipeline-report',
    version: 1,
    title: settings.model,
    subtitle: `${shown.map(({ name }) => name).join('; ')}; executor ${settings.executor}, ${settings.schedule}, on ${environment.cpu}`,
    kind: report.prediction === undefined ? 'measured' : 'measured and simulated',
    date: report.date,
    highlights: highlights(runs),
    verdict: verdict!,
    summary: [...rest, ...whatIsCounted(report)],
    ...(report.command === undefined ? {} : { command: report.command }),
    warnings: [...report.warnings, ...(report.prediction?.warnings ?? [])],
    timelines: inOrder(timelines, runs),
    throughput: throughput(report),
    time: shown.map((run) => timeBars(run, report, shown.length > 1)),
    memory: shown.map((run) => weightBars(run, settings.replicas, shown.length > 1)),
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

/** As the runs are everywhere, each followed by its prediction; what is none of them comes last. */
function inOrder(timelines: readonly TimelineData[], runs: readonly SavedRun[]): TimelineData[] {
  const place = ({ run: { name } }: TimelineData): number => {
    const at = runs.findIndex((run) => name === run.name || name === predictedName(run.name));
    return at === -1 ? runs.length : at;
  };
  const isPredicted = ({ run }: TimelineData): number => Number(run.kind === 'simulated');
  return timelines.toSorted((a, b) => place(a) - place(b) || isPredicted(a) - isPredicted(b));
}

function predictedName(run: string): string {
  return `${run}, predicted`;
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
              name: predictedName(name),
              sequencesPerSecond: predicted.sequencesPerSecond,
              kind: 'simulated' as const,
            },
          ]),
    ];
  });
}

function highlights(runs: readonly SavedRun[]): Highlight[] {
  const { pipeline, single } = subjectOf(runs);
  return [
    { label: 'throughput', value: `${figure(pipeline.sequencesPerSecond)} seq/s`, note: pipeline.name },
    ...(single === undefined
      ? []
      : [
          {
            label: 'against one device',
            value: `${figure(pipeline.sequencesPerSecond / single.sequencesPerSecond)} ×`,
            note: single.name,
          },
        ]),
    {
      label: 'latency, median',
      value: milliseconds(pipeline.latencyMs.p50),
      note: `of ${pipeline.activity.microBatches} micro-batches`,
    },
    { label: 'bubble', value: percent(pipeline.bubbleShare), note: 'of stage time, nothing is computed' },
  ];
}

function whatIsCounted({ settings, identicalOutputs }: SavedBenchmark): string[] {
  return [
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

function timeBars(run: SavedRun, { settings }: SavedBenchmark, isOneOfSeveral: boolean): StackedBars {
  const { seconds, microBatches, ranks } = run.activity;
  const perMicroBatch = (share: number): number => (share * seconds * 1e3 * settings.replicas) / microBatches;
  return {
    title: `Time of each IPU${isOneOfSeveral ? `, ${run.name}` : ''}`,
    note: 'Milliseconds for one micro-batch, in steady state.',
    unit: 'ms',
    parts: 'activities',
    bars: ranks.map((rank) => ({
      name: barName(rank, settings.replicas),
      detail: heldBy(run, rank.rank),
      parts: [
        // The stages of a model only go forward here: the colour is that of the timeline.
        { name: FORWARD, value: perMicroBatch(rank.busyShare) },
        ...Object.entries(rank.stallShares).map(([cause, share]) => {
          return { name: `waits: ${cause}`, value: perMicroBatch(share) };
        }),
      ],
    })),
  };
}

function weightBars(run: SavedRun, replicas: number, isOneOfSeveral: boolean): StackedBars {
  const firstReplica = run.activity.ranks.filter(({ replica }) => replica === 0);
  return {
    title: `Weights of each IPU${isOneOfSeveral ? `, ${run.name}` : ''}`,
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
