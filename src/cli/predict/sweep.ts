import { sayWarnings } from '../flags/say-warnings.js';
import type { Warning } from '../../../ipu-config/base/warning.js';
import { Command, InvalidArgumentError, Option } from 'commander';
import { sweepConfig, type SweepRow, type Varied } from '../../planning/sweep.js';
import { sweepCsv, sweepTable } from '../../report/text/sweep-table.js';
import { addIpuFlags, readFlags, type IpuFlags } from '../flags/ipu-flags.js';

interface SweepFlags extends IpuFlags {
  readonly vary: readonly Varied[];
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** `ipu-pipeline sweep`: many simulations in one table. */
export function sweepCommand(): Command {
  return addIpuFlags(new Command('sweep'))
    .description('simulate every combination of some settings')
    .requiredOption(
      '--vary <name=a,b,…>',
      'microBatch, gradientAccumulation, deviceIterations, sequenceLength, replicas, system, chip.…; may be given again',
      varied,
    )
    .addOption(new Option('--csv', 'print CSV').conflicts('json'))
    .option('--json', 'print one JSON object')
    .action(async (flags: SweepFlags, command: Command) => {
      const { config, settings, warnings } = await readFlags(flags);
      const rows = sweepConfig(config, settings, flags.vary);
      if (!flags.json) sayWarnings(warnings);
      command.configureOutput().writeOut?.(print(rows, flags, warnings));
    });
}

function varied(text: string, previous: readonly Varied[] | undefined): readonly Varied[] {
  const [name = '', list = '', ...rest] = text.split('=');
  const values = list.split(',').map((value) => value.trim());
  if (name === '' || rest.length > 0 || values.some((value) => value === '')) {
    throw new InvalidArgumentError('It must look like microBatch=1,2,4.');
  }
  return [...(previous ?? []), { name, values }];
}

function print(rows: readonly SweepRow[], flags: SweepFlags, warnings: readonly Warning[]): string {
  if (flags.csv) return sweepCsv(rows);
  return `${flags.json ? JSON.stringify({ rows, warnings }) : sweepTable(rows)}\n`;
}
