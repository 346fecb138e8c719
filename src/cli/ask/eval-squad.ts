import { Command } from 'commander';
import { figure } from '../../../ipu-config/base/format.js';
import { pythonJson } from './python-json.js';
import { addOptions } from './task-flags.js';
import { TASKS } from '../../tasks/table.js';
import { withModelOptions } from '../flags/model-flags.js';
import { wholeNumber } from '../flags/options.js';
import { OutputOption } from '../flags/outputs.js';
import {
  evaluateSquadFile,
  OUTPUT_FILES,
  type EvalSquadFlags,
  type EvalSquadReport,
} from './run-eval-squad.js';

const NULL_THRESHOLD = {
  ...TASKS.answer.options.nullThreshold,
  about: 'allow "no answer" when it scores higher by this (default: 0 for SQuAD 2.0, never for 1.1)',
};

/** `ipu-pipeline eval squad`: EM and F1 of a SQuAD file, and the files that the official scripts read. */
export function evalSquadCommand(): Command {
  const command = new Command('squad')
    .description(
      'answer the questions of a SQuAD v1.1 or v2.0 file; print EM and F1 as the official scripts do',
    )
    .argument('<file>', 'a SQuAD file, such as dev-v1.1.json')
    .option('--limit <n>', 'answer and measure the first n questions only', wholeNumber(1))
    .option('--resume', 'go on with the run that was broken off in the output directory')
    .addOption(
      new OutputOption(
        '--output <dir>',
        'where predictions, n-best answers and results are written',
        OUTPUT_FILES,
      ).default('squad-results'),
    );
  withModelOptions(command);
  addOptions(command, { ...TASKS.answer.options, nullThreshold: NULL_THRESHOLD });
  return command
    .option('--json', 'print one JSON object: metrics, throughput, files')
    .action(async (file: string, flags: EvalSquadFlags, command: Command) => {
      const report = await evaluateSquadFile(file, flags);
      const print = flags.json
        ? JSON.stringify(report)
        : pythonJson(report.metrics, report.version === '2.0');
      command.configureOutput().writeOut?.(`${print}\n`);
      if (!flags.json) process.stderr.write(summary(report));
    });
}

function summary({ throughput, questions, files }: EvalSquadReport): string {
  const counted = throughput
    ? `${throughput.samples} windows in ${figure(throughput.runtimeS)} s: ${throughput.samplesPerSecond} windows/s`
    : 'nothing was left to run';
  return `${questions} questions; ${counted} (after loading)\nwritten: ${files.join(', ')}\n`;
}
