import { Command } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import { namedSchedule } from '../../../pipeline/schedules/registry.js';
import { percent } from '../../../ipu-config/base/format.js';
import { isTraining } from '../../../pipeline/schedule/op-table.js';
import type { ReportData } from '../../report/data/report-data.js';
import { scheduleVerdict } from '../../report/data/schedule-verdict.js';
import { costText, inCostUnit, type CostTable } from './op-costs.js';
import { wholeNumber } from '../flags/options.js';
import { SpanOutputs, type SpanOutputFlags } from '../flags/span-outputs.js';
import { timelinesData } from '../../report/data/timeline-data.js';
import {
  addOutputOptions,
  addSimulationOptions,
  isFile,
  readSchedule,
  simulateSchedule,
  spansOfSchedule,
  withDefaultCosts,
  type ScheduleRun,
  type SimulationFlags,
} from './schedule-run.js';

interface CompareFlags extends SimulationFlags, SpanOutputFlags {
  readonly stages?: number;
  readonly ranks?: number;
  readonly microBatches?: number;
  readonly chunks?: number;
  readonly json?: boolean;
}

/** One schedule of the comparison; `makespan` in nanoseconds when the costs are times, else in their unit. */
interface Row {
  readonly schedule: string;
  readonly ranks: number;
  readonly stages: number;
  readonly microBatches: number;
  readonly steps: number;
  readonly bubble: number;
  readonly makespan: number;
  readonly peakActivationsPerStage: readonly number[];
  readonly peakActivationsPerRank: readonly number[];
  readonly peakStashBytesPerRank?: readonly number[];
}

/** `ipu-pipeline schedule compare NAME|FILE.csv …`: a table of what schedules cost. */
export function scheduleCompareCommand(): Command {
  const command = new Command('compare')
    .description('compare schedules: steps, bubble, peak activations and makespan under the same costs')
    .argument('<name-or-file...>', 'names of schedules and .csv files')
    .option('--stages <n>', 'stages of each pipeline over all its ranks (ranks × chunks)', wholeNumber(1))
    .option(
      '--ranks <r>',
      'instead of --stages: ranks of each pipeline; of several stages on a rank, each costs its part',
      wholeNumber(1),
    )
    .option('--micro-batches <m>', 'micro-batches of one call, or of one weight update', wholeNumber(1))
    .option('--chunks <c>', 'stages on each rank, for the schedules that loop (default: 2)', wholeNumber(1));
  return addSimulationOptions(addOutputOptions(command))
    .option('--json', 'print one JSON object')
    .action(async (sources: readonly string[], flags: CompareFlags, self: Command) => {
      if (flags.stages !== undefined && flags.ranks !== undefined) {
        throw new InputError('--stages and --ranks are two ways to say one thing: give one of them.');
      }
      const costed = withDefaultCosts(flags);
      const runs = await runAll(sources, costed);
      self.configureOutput().writeOut?.(flags.json ? json(runs, costed.costs) : table(runs, costed.costs));
    });
}

type CostedFlags = CompareFlags & { readonly costs: CostTable };

async function runAll(sources: readonly string[], flags: CostedFlags): Promise<ScheduleRun[]> {
  const outputs = new SpanOutputs(flags);
  try {
    const runs: ScheduleRun[] = [];
    for (const source of sources) runs.push(await runOne(source, flags, outputs));
    const title = [...new Set(runs.map(({ schedule }) => schedule.name))].join(' · ');
    await outputs.writePage((timelines) => {
      return timelinesData({ title, ...comparisonOf(runs, flags.costs) }, timelines);
    });
    return runs;
  } finally {
    outputs.close();
  }
}

async function runOne(
  source: string,
  { chunks, ranks, stages, microBatches, ...simulation }: CostedFlags,
  outputs: SpanOutputs,
): Promise<ScheduleRun> {
  const { costs } = simulation;
  if (isFile(source)) {
    const read = await readSchedule(source, {});
    return simulateSchedule(read, simulation, outputs.begin(spansOfSchedule(read, simulation)));
  }
  const { name, layout } = namedSchedule(source);
  const perRank = { line: 1, loops: chunks ?? 2, v: 2 }[layout];
  const all = ranks === undefined ? stages : ranks * perRank;
  const schedule = await readSchedule(name, {
    ...(all === undefined ? {} : { stages: all }),
    ...(microBatches === undefined ? {} : { microBatches }),
    ...(layout === 'loops' ? { chunks: perRank } : {}),
  });
  // With the ranks given, the same model is cut into more stages, each of which has less to do.
  const share = ranks === undefined ? 1 : perRank;
  const shared = {
    ...simulation,
    costs: { ...costs, nsPerUnit: costs.nsPerUnit / share },
    ...(simulation.stashBytes === undefined ? {} : { stashBytes: simulation.stashBytes / share }),
  };
  const stashShare = 1 / share;
  const run = spansOfSchedule(schedule, { ...shared, costs }, stashShare);
  return { ...simulateSchedule(schedule, shared, outputs.begin(run)), stashShare };
}

function rowOf({ schedule, steps, simulation, peaks }: ScheduleRun, costs: CostTable): Row {
  return {
    schedule: schedule.name,
    ranks: schedule.ranks.length,
    stages: schedule.stages,
    microBatches: schedule.microBatches,
    steps,
    bubble: simulation.bubbleShare,
    makespan: inCostUnit(costs, simulation.makespanNs),
    peakActivationsPerStage: peaks.perStage,
    peakActivationsPerRank: peaks.perRank,
    ...(peaks.bytesPerRank ? { peakStashBytesPerRank: peaks.bytesPerRank } : {}),
  };
}

function json(runs: readonly ScheduleRun[], costs: CostTable): string {
  const { F, B, I, W } = costs.costs;
  const schedules = runs.map((run) => rowOf(run, costs));
  return `${JSON.stringify({ costs: { F, B, I, W }, unit: costs.isTime ? 'ns' : 'unit', schedules })}\n`;
}

const HEADINGS = ['schedule', 'ranks', 'stages', 'steps', 'bubble', 'makespan', 'peak activations per stage'];

/** What stands first on a page: the table, and what it says. @param costs absent: one unit for each action */
export function comparisonOf(
  runs: readonly ScheduleRun[],
  costs: CostTable | undefined,
): Required<Pick<ReportData, 'verdict' | 'comparison'>> {
  const figures = runs.map(({ schedule, simulation, peaks, stashShare = 1 }) => ({
    name: schedule.name,
    makespanNs: simulation.makespanNs,
    makespan: makespanText(costs, simulation.makespanNs),
    bubbleShare: simulation.bubbleShare,
    ...(isTraining(schedule.ranks.flat(2).map(({ op }) => op))
      ? { kept: stashShare * Math.max(...peaks.perRank) }
      : {}),
  }));
  const comparison = {
    title: runs.length === 1 ? 'In figures' : 'Compared',
    columns: HEADINGS,
    rows: cells(runs, costs),
    note: costs ? `With ${costs.text}.` : 'Every action takes one unit.',
  };
  return { verdict: scheduleVerdict(figures), comparison };
}

function makespanText(costs: CostTable | undefined, ns: number): string {
  return costs?.isTime ? costText(costs, ns) : `${costs ? costText(costs, ns) : ns} units`;
}

function cells(runs: readonly ScheduleRun[], costs: CostTable | undefined): string[][] {
  return runs.map(({ schedule, steps, simulation, peaks }) => [
    schedule.name,
    String(schedule.ranks.length),
    String(schedule.stages),
    String(steps),
    percent(simulation.bubbleShare),
    costs ? costText(costs, simulation.makespanNs) : makespanText(costs, simulation.makespanNs),
    peaks.perStage.join(' '),
  ]);
}

function table(runs: readonly ScheduleRun[], costs: CostTable): string {
  const rows = cells(runs, costs);
  const lines = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const isText = (column: number): boolean => column === 0 || column === HEADINGS.length - 1;
  const text = lines.map((line) =>
    line
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  const { F, B, I, W } = costs.costs;
  const shown = [F, B, I, W].map((cost, at) => `${'FBIW'[at]} = ${costText(costs, cost * costs.nsPerUnit)}`);
  return `costs: ${shown.join(', ')}\n\n${text.join('\n')}\n`;
}
