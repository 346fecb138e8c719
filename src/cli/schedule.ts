import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { InputError } from '../../ipu-config/errors.js';
import { simulate } from '../../pipeline/simulate.js';
import { parseCsv, printCsv } from '../../pipeline/schedule-csv.js';
import { printGrid } from '../../pipeline/schedule-grid.js';
import type { Schedule } from '../../pipeline/schedule.js';
import { SCHEDULE_NAMES, scheduleByName } from '../../pipeline/schedules/registry.js';
import { validateSchedule } from '../../pipeline/validate.js';
import { percent } from '../report/format.js';
import { wholeNumber } from './options.js';

interface ScheduleFlags {
  readonly stages?: number;
  readonly microBatches?: number;
  readonly grid?: boolean;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** `ipu-pipeline schedule NAME|FILE.csv`: reads or makes a schedule, validates it and prints it. */
export function scheduleCommand(): Command {
  return new Command('schedule')
    .description(
      'make a schedule, or read one from a CSV file of torch.distributed.pipelining; validate and print it',
    )
    .argument('<name-or-file>', `${SCHEDULE_NAMES.join(', ')}, or a .csv file`)
    .option('--stages <n>', 'stages of the pipeline', wholeNumber(1))
    .option('--micro-batches <m>', 'micro-batches of one call', wholeNumber(1))
    .addOption(
      new Option('--grid', 'print the grid of ranks and cycles (default)').conflicts(['csv', 'json']),
    )
    .addOption(new Option('--csv', 'print CSV, one row per rank').conflicts(['grid', 'json']))
    .addOption(new Option('--json', 'print one JSON object').conflicts(['grid', 'csv']))
    .action(async (source: string, flags: ScheduleFlags, command: Command) => {
      const schedule = await readSchedule(source, flags);
      validateSchedule(schedule);
      command.configureOutput().writeOut?.(print(schedule, flags));
    });
}

async function readSchedule(source: string, { stages, microBatches }: ScheduleFlags): Promise<Schedule> {
  if (!source.endsWith('.csv')) {
    const generate = scheduleByName(source);
    if (stages !== undefined && microBatches !== undefined) return generate({ stages, microBatches });
    const missing = stages === undefined ? '--stages' : '--micro-batches';
    throw new InputError(`the schedule ${source} needs ${missing}: give --stages N --micro-batches M.`);
  }
  const text = await readFile(source, 'utf8').catch((error: unknown) => {
    throw new InputError(`cannot read ${source}: ${(error as Error).message}.`, { cause: error });
  });
  const schedule = parseCsv(source, text);
  refuseOther('--stages', stages, schedule.stages, source);
  refuseOther('--micro-batches', microBatches, schedule.microBatches, source);
  return schedule;
}

function refuseOther(option: string, given: number | undefined, found: number, source: string): void {
  if (given === undefined || given === found) return;
  throw new InputError(
    `${option} is ${given}, but ${source} has ${found}: leave ${option} out, a file says it itself.`,
  );
}

function print(schedule: Schedule, flags: ScheduleFlags): string {
  if (flags.csv) return printCsv(schedule);
  const { name, stages, microBatches, stageToRank } = schedule;
  const { makespanNs, bubbleShare } = simulate(schedule, { costNs: () => 1 });
  if (flags.json) {
    const cycles = schedule.ranks.map((cells) => cells.length);
    const facts = { name, stages, microBatches, stageToRank, cycles: Math.max(...cycles) };
    return `${JSON.stringify({ ...facts, steps: makespanNs, bubble: bubbleShare, ranks: schedule.ranks })}\n`;
  }
  const summary =
    `${name}: ${stages} stages, ${microBatches} micro-batches, ${makespanNs} steps of one unit per action, ` +
    `bubble ${percent(bubbleShare)}`;
  return `${summary}\n\n${printGrid(schedule)}\n`;
}
