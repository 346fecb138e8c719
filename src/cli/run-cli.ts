import { Command, CommanderError } from 'commander';
import { IpuPipelineError } from '../../ipu-config/base/errors.js';
import { VERSION } from '../../ipu-config/base/files/version.js';
import { benchCommand } from './run/bench.js';
import { configShowCommand } from './look/config-show.js';
import { doctorCommand } from './run/doctor.js';
import { evalCommand } from './ask/eval.js';
import { planCommand } from './predict/plan.js';
import { playgroundCommand } from './look/playground.js';
import { profileCommand } from './run/profile.js';
import { reportCommand } from './look/report.js';
import { scheduleCommand } from './look/schedule.js';
import { simulateCommand } from './predict/simulate.js';
import { sweepCommand } from './predict/sweep.js';
import { taskCommands } from './ask/task-command.js';

function program(): Command {
  const root = new Command('ipu-pipeline')
    .description(
      'Cut a model (BERT, RoBERTa, DistilBERT) into pipeline stages as a Graphcore ipu_config.json says, run it on worker threads that\n' +
        'stand in for IPUs, and measure it against one device.',
    )
    .version(VERSION)
    // So that a command's options and those of its subcommands can have the same names.
    .enablePositionalOptions()
    .showHelpAfterError('(--help shows what there is)');
  for (const command of [
    benchCommand(),
    ...taskCommands(),
    evalCommand(),
    configCommand(),
    scheduleCommand(),
    simulateCommand(),
    planCommand(),
    profileCommand(),
    sweepCommand(),
    reportCommand(),
    playgroundCommand(),
    doctorCommand(),
  ]) {
    root.addCommand(command);
  }
  throwInsteadOfExit(root);
  return root;
}

function configCommand(): Command {
  return new Command('config').description('look at an ipu_config.json').addCommand(configShowCommand());
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExit);
}

/**
 * Runs the command line and gives the exit code: 0, 2 for the user's mistake, 1 for ours.
 * Messages go to stderr; with `--json` an error is also one JSON object on stdout, so that a program that reads
 * stdout always finds JSON there.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  endQuietlyOnClosedPipe();
  try {
    await program().parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error, args);
  }
}

function report(error: unknown, args: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0; // --help and --version have printed what was asked
    if (wantsJson(args)) printErrorAsJson('UsageError', error.message.replace(/^error: /, ''));
    return 2;
  }
  const known = error instanceof IpuPipelineError;
  // A checkpoint that turns out bad in a stage's thread is still the user's: the stage's failure has it as its cause.
  const blame = known ? blamed(error) : undefined;
  const message = known ? error.message : `${describe(error)} (this is a bug in ipu-pipeline)`;
  process.stderr.write(`ipu-pipeline: ${message}\n`);
  if (process.env['IPU_PIPELINE_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (wantsJson(args)) printErrorAsJson(blame?.type ?? 'InternalError', message);
  return blame?.exitCode ?? 1;
}

function blamed(error: IpuPipelineError): { type: string; exitCode: number } {
  const cause = error.cause as { type?: unknown; exitCode?: unknown } | undefined;
  const isOurs = cause?.exitCode !== 2 || typeof cause.type !== 'string';
  return isOurs ? error : { type: cause.type as string, exitCode: 2 };
}

/** `bench --json FILE` has a value; everywhere else `--json` is a flag that promises JSON on stdout. */
function wantsJson(args: readonly string[]): boolean {
  return args.includes('--json') && args[0] !== 'bench';
}

function printErrorAsJson(type: string, message: string): void {
  process.stdout.write(`${JSON.stringify({ error: { type, message } })}\n`);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** `ipu-pipeline … | head` closes the pipe: that is the reader's choice, not an error. */
function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
