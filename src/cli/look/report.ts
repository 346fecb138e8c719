import { Command } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import { writeReport } from '../../report/html/html-report.js';
import { convertToTrace, readReport, recordedTimelines } from '../../report/files/read-report.js';
import { OutputOption } from '../flags/outputs.js';
import { typedCommand } from '../flags/typed-command.js';
import { showSimulation } from './show-simulation.js';

interface ReportFlags {
  readonly output?: string;
  readonly trace?: string;
  readonly spans?: string;
}

/** `ipu-pipeline report`: a page or a trace from what another command wrote. */
export function reportCommand(): Command {
  return new Command('report')
    .description('make a page that works from disk, or a trace for Perfetto, from what a run has written')
    .argument('<file>', 'of `bench --json`, `bench --record` or `simulate --json`')
    .addOption(new OutputOption('-o, --output <file>', 'write the page here'))
    .option('--spans <file>', 'take the timelines from this recording of `bench --record`')
    .addOption(new OutputOption('--trace <file>', 'write a trace for Perfetto or chrome://tracing'))
    .action(async (file: string, flags: ReportFlags) => {
      if (flags.output === undefined && flags.trace === undefined) {
        throw new InputError('there is nothing to write: give -o report.html, --trace trace.json, or both.');
      }
      if (flags.trace !== undefined) await convertToTrace(flags.spans ?? file, flags.trace, showSimulation);
      if (flags.output === undefined) return;
      const data = await readReport(file, showSimulation);
      const timelines = flags.spans === undefined ? data.timelines : await recordedTimelines(flags.spans);
      // A benchmark's page names the command that measured, which its file has kept.
      await writeReport(flags.output, {
        ...data,
        command: data.command ?? typedCommand(),
        ...(timelines === undefined ? {} : { timelines }),
      });
    });
}
