import { Command, Option } from 'commander';
import { isTraining } from '../../../pipeline/schedule/op-table.js';
import { printCsv } from '../../../pipeline/schedule/schedule-csv.js';
import { printGrid } from '../../../pipeline/schedule/schedule-grid.js';
import { SCHEDULES } from '../../../pipeline/schedules/registry.js';
import { bytes, percent } from '../../../ipu-config/base/format.js';
import { costText, inCostUnit, type CostTable } from './op-costs.js';
import { wholeNumber } from '../flags/options.js';
import { comparisonOf, scheduleCompareCommand } from './schedule-compare.js';
import { SpanOutputs, type SpanOutputFlags } from '../flags/span-outputs.js';
import { timelinesData } from '../../report/data/timeline-data.js';
import {
  addOutputOptions,
  addSimulationOptions,
  scheduleFor,
  simulateSchedule,
  spansOfSchedule,
  type ScheduleFlags,
  type ScheduleRun,
} from './schedule-run.js';

interface PrintFlags extends ScheduleFlags, SpanOutputFlags {
  readonly grid?: boolean;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** `ipu-pipeline schedule NAME|FILE.csv`: reads or makes a schedule, validates it and prints it. */
export function scheduleCommand(): Command {
  const command = new Command('schedule')
    .description(
      'make a schedule, or read one from a CSV file of torch.distributed.pipelining; validate, simulate and print it',
    )
    .argument('<name-or-file>', `${SCHEDULES.map(({ name }) => name).join(', ')}, or a .csv file`)
    .option('--stages <n>', 'stages of the pipeline over all ranks (ranks × chunks)', wholeNumber(1))
    .option('--micro-batches <m>', 'micro-batches of one call, or of one weight update', wholeNumber(1))
    .option(
      '--chunks <c>',
      'stages on each rank, for the schedules that loop: stage j is on rank j mod ranks (default: 2)',
      wholeNumber(1),
    )
    .option('--lower', 'write the transfers between ranks out: SEND_F, RECV_F, SEND_B, RECV_B');
  return addSimulationOptions(addOutputOptions(command))
    .addOption(
      new Option('--grid', 'print the grid of ranks and cycles (default)').conflicts(['csv', 'json']),
    )
    .addOption(
      new Option('--csv', 'print CSV, one row per rank; a file as it came').conflicts(['grid', 'json']),
    )
    .addOption(new Option('--json', 'print one JSON object').conflicts(['grid', 'csv']))
    .enablePositionalOptions()
    .addCommand(scheduleCompareCommand())
    .action(async (source: string, flags: PrintFlags, self: Command) => {
      self.configureOutput().writeOut?.(print(await run(source, flags), flags));
    });
}

async function run(source: string, flags: PrintFlags): Promise<ScheduleRun> {
  const schedule = await scheduleFor(source, flags);
  const outputs = new SpanOutputs(flags);
  try {
    const simulated = simulateSchedule(schedule, flags, outputs.begin(spansOfSchedule(schedule, flags)));
    const { name, stages, microBatches } = schedule;
    const title = `${name}, ${stages} stages, ${microBatches} micro-batches`;
    const figures = comparisonOf([simulated], flags.costs);
    await outputs.writePage((timelines) => timelinesData({ title, ...figures }, timelines));
    return simulated;
  } finally {
    outputs.close();
  }
}

function print(run: ScheduleRun, flags: PrintFlags): string {
  if (flags.csv) return printCsv(run.schedule);
  if (flags.json) return `${JSON.stringify(facts(run))}\n`;
  return `${summary(run)}\n\n${printGrid(run.schedule)}\n`;
}

function facts({ schedule, steps, simulation, costs, peaks }: ScheduleRun): object {
  const { name, stages, microBatches, stageToRank, ranks } = schedule;
  const value = (ns: number): number => (costs ? inCostUnit(costs, ns) : ns);
  return {
    name,
    stages,
    microBatches,
    stageToRank,
    cycles: Math.max(0, ...ranks.map((cells) => cells.length)),
    steps,
    ...(costs ? { costs: shownCosts(costs) } : {}),
    makespan: value(simulation.makespanNs),
    unit: costs?.isTime ? 'ns' : 'unit',
    bubble: simulation.bubbleShare,
    peakActivations: peaks,
    rankTimes: simulation.ranks.map(({ busyNs, stallNs, doneNs }) => ({
      busy: value(busyNs),
      stalls: Object.fromEntries(Object.entries(stallNs).map(([cause, ns]) => [cause, value(ns)])),
      done: value(doneNs),
    })),
    ranks,
  };
}

function shownCosts({ costs }: CostTable): object {
  const { F, B, I, W, OVERLAP_F_B } = costs;
  return { F, B, I, W, ...(OVERLAP_F_B === undefined ? {} : { OVERLAP_F_B }) };
}

function summary({ schedule, steps, simulation, costs, peaks }: ScheduleRun): string {
  const { name, stages, microBatches, stageToRank, ranks } = schedule;
  const shared = new Set(stageToRank).size < stages ? ` on ${ranks.length} ranks` : '';
  const size = `${name}: ${stages} stages${shared}, ${microBatches} micro-batches`;
  const bubble = `bubble ${percent(simulation.bubbleShare)}`;
  const lines = [`${size}, ${steps} steps of one unit per action${costs ? '' : `, ${bubble}`}`];
  if (costs) {
    lines.push(`with ${costs.text}: makespan ${costText(costs, simulation.makespanNs)}, ${bubble}`);
  }
  if (isTraining(ranks.flat(2).map(({ op }) => op))) {
    lines.push(`peak activations per stage, in micro-batches: ${peaks.perStage.join(', ')}`);
  }
  if (peaks.bytesPerRank) {
    lines.push(`peak stash per rank: ${peaks.bytesPerRank.map(bytes).join(', ')}`);
  }
  return lines.join('\n');
}
