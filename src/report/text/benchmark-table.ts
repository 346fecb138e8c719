import pc from 'picocolors';
import type { BenchmarkReport, MeasuredRun } from '../../benchmark/benchmark-report.js';
import type { RankActivity } from '../../benchmark/steady-window.js';
import { bytes, figure, milliseconds, percent } from '../../../ipu-config/base/format.js';
import { RUN_COLUMNS, runFigures } from '../data/benchmark-data.js';
import { benchmarkVerdict, isOneDevice, pipelineName, verdictPipeline } from '../data/benchmark-verdict.js';
import { plainTable, warningLines } from './plain-table.js';

/** The benchmark as text for a terminal: a table of the runs, a table of the pipeline's stages, and the verdict. */
export function benchmarkTable(report: BenchmarkReport): string {
  const pipeline = report.runs.at(-1)!;
  const [first, ...rest] = benchmarkVerdict(report);
  return [
    pc.bold(first),
    ...rest,
    '',
    heading(report),
    runsTable(report.runs),
    '',
    pc.bold(`The ${pipelineName(pipeline)}, ${figure(pipeline.activity.seconds)} s of steady state`),
    stagesTable(pipeline),
    '',
    ...comparisons(report),
    ...warningLines(report.warnings),
    '',
    pc.dim(whatIsCounted(report)),
  ].join('\n');
}

function heading({ settings, environment }: BenchmarkReport): string {
  const { model, executor, sequenceLength, microBatch, schedule } = settings;
  return [
    pc.bold(`${model}, ${executor}, sequence ${sequenceLength}, micro-batch ${microBatch}, ${schedule}`),
    pc.dim(`${environment.cpu}, ${environment.cores} cores, Node ${environment.node}`),
  ].join('\n');
}

function runsTable(runs: readonly MeasuredRun[]): string {
  const table = plainTable(['', ...RUN_COLUMNS, 'ratio']);
  const first = runs[0]!;
  for (const run of runs) {
    table.push([
      run.name,
      ...runFigures(run),
      `${figure(run.sequencesPerSecond / first.sequencesPerSecond)} ×`,
    ]);
  }
  return table.toString();
}

function stagesTable(run: MeasuredRun): string {
  const table = plainTable(['IPU', 'stage', 'weights', 'time', 'busy', 'waits for']);
  const replicated = run.activity.ranks.some(({ replica }) => replica > 0);
  for (const rank of run.activity.ranks) {
    const stages = run.stages.filter(({ ipu }) => ipu === rank.rank);
    table.push([
      replicated ? `${rank.rank} (replica ${rank.replica})` : `${rank.rank}`,
      stages.map(({ name }) => name).join(' + '),
      bytes(stages.reduce((sum, { weightBytes }) => sum + weightBytes, 0)),
      milliseconds(rank.microBatchMs),
      percent(rank.busyShare),
      stallText(rank),
    ]);
  }
  return table.toString();
}

function stallText({ stallShares }: RankActivity): string {
  const shares = Object.entries(stallShares)
    .filter(([, share]) => share >= 0.001)
    .sort((a, b) => b[1] - a[1]);
  return shares.map(([cause, share]) => `${cause} ${percent(share)}`).join(', ') || '–';
}

/** Each pipeline against each run on one device, and what the verdict leaves out. */
function comparisons(report: BenchmarkReport): string[] {
  const lines: string[] = [];
  for (const pipeline of report.runs.filter((run) => !isOneDevice(run))) {
    const name = `Pipeline${pipelineName(pipeline).slice('pipeline'.length)}`;
    for (const single of report.runs.filter(isOneDevice)) {
      const ratio = pipeline.sequencesPerSecond / single.sequencesPerSecond;
      lines.push(`${name} over ${single.name}: ${pc.bold(`${figure(ratio)} ×`)}`);
    }
    if (pipeline !== verdictPipeline(report.runs)) lines.push(`${name} is bound by ${pipeline.boundBy}.`);
  }
  if (report.identicalOutputs === true)
    lines.push(pc.green('Outputs of all runs are identical, bit for bit.'));
  if (report.identicalOutputs === false) lines.push(pc.red('Outputs differ between the runs.'));
  return lines;
}

function whatIsCounted({ settings }: BenchmarkReport): string {
  return (
    `Counted: ${settings.microBatches} micro-batches in steady state, after ${settings.warmUp} to warm up and ` +
    `before ${settings.coolDown} to cool down; loading apart. ±: half of the middle half of eight parts of that time.`
  );
}
