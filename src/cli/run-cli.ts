import { Command, CommanderError } from 'commander';
import { IpuPipelineError } from '../../ipu-config/base/errors.js';
import { discardOutputs } from '../../ipu-config/base/files/output-file.js';
import { short } from '../../ipu-config/base/json-text.js';
import { VERSION } from '../../ipu-config/base/files/version.js';
import { checkOutputs } from './flags/outputs.js';
import { printed, stopped, Stopped, watchOutputs } from './flags/ending.js';

/** Commands by their names, in the order of the help; each is loaded when it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<readonly Command[]>>> = {
  bench: async () => [(await import('./run/bench.js')).benchCommand()],
  /** `classify`, `answer`, …: no command is called `tasks`, so that asking for it finds none. */
  tasks: async () => (await import('./ask/task-command.js')).taskCommands(),
  eval: async () => [(await import('./ask/eval.js')).evalCommand()],
  config: async () => [configCommand((await import('./look/config-show.js')).configShowCommand())],
  schedule: async () => [(await import('./look/schedule.js')).scheduleCommand()],
  simulate: async () => [(await import('./predict/simulate.js')).simulateCommand()],
  plan: async () => [(await import('./predict/plan.js')).planCommand()],
  profile: async () => [(await import('./run/profile.js')).profileCommand()],
  sweep: async () => [(await import('./predict/sweep.js')).sweepCommand()],
  report: async () => [(await import('./look/report.js')).reportCommand()],
  playground: async () => [(await import('./look/playground.js')).playgroundCommand()],
  doctor: async () => [(await import('./run/doctor.js')).doctorCommand()],
};

/** What one command needs is loaded in half the time of all: the one that is named, or else all of them. */
async function commandsFor(name: string | undefined): Promise<readonly Command[]> {
  if (name !== undefined) {
    const found = await (Object.hasOwn(COMMANDS, name) ? COMMANDS[name]! : COMMANDS['tasks']!)();
    if (found.some((command) => command.name() === name)) return found;
  }
  return (await Promise.all(Object.values(COMMANDS).map((load) => load()))).flat();
}

/** The program with the command of this name, or with all commands where there is none. */
export async function commandLine(name?: string): Promise<Command> {
  const root = new Command('ipu-pipeline')
    .description(
      'Cut a model (BERT, RoBERTa, DistilBERT) into pipeline stages as a Graphcore ipu_config.json says, run it ' +
        'on worker threads that stand in for IPUs, and measure it against one device.',
    )
    .version(VERSION)
    // So that a command's options and those of its subcommands can have the same names.
    .enablePositionalOptions()
    .showHelpAfterError('(--help shows what there is)')
    .hook('preAction', (_, command) => checkOutputs(command));
  for (const command of await commandsFor(name)) root.addCommand(command);
  throwInsteadOfExit(root);
  return root;
}

function configCommand(show: Command): Command {
  return new Command('config').description('look at an ipu_config.json').addCommand(show);
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwInsteadOfExit);
}

function writeErrors(command: Command, write: (text: string) => void): void {
  command.configureOutput({ writeErr: write });
  for (const each of command.commands) writeErrors(each, write);
}

/** Longer arguments are not repeated whole in a message; paths that people have are shorter. */
const LONG_ARGUMENT = 400;

/** A message without what is too long in it of what was typed: a value, an item of a list, `name=value`. */
function withShortArguments(message: string, args: readonly string[]): string {
  return args
    .flatMap((arg) => [arg, ...arg.split(/[=,]/)])
    .filter((part) => part.length > LONG_ARGUMENT)
    .reduce((text, part) => text.replaceAll(part, short(part)), message);
}

/**
 * Runs the command line and gives the exit code: 0, 2 for the user's mistake, 1 for ours, 130 and 143 for SIGINT and
 * SIGTERM. However it ends, no unfinished file stays, and no thread computes any more.
 * Messages go to stderr; with `--json` an error is also one JSON object on stdout, so that a program that reads
 * stdout always finds JSON there.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  watchOutputs();
  let failure: { readonly error: unknown } | undefined;
  try {
    const program = await commandLine(args[0]);
    writeErrors(program, (text) => process.stderr.write(withShortArguments(text, args)));
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    failure = { error };
  }
  discardOutputs();
  await printed();
  const stop = stopped();
  // A command may have more to say of where it stopped than what stopped it.
  if (stop?.isSilent) return stop.exitCode;
  const isOwn = failure?.error instanceof IpuPipelineError;
  const code = failure || stop ? report(isOwn ? failure?.error : (stop ?? failure?.error), args) : 0;
  await printed();
  return stop?.exitCode ?? (code || Number(process.exitCode ?? 0));
}

function report(error: unknown, args: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0; // --help and --version have printed what was asked
    if (wantsJson(args))
      printErrorAsJson('UsageError', withShortArguments(error.message, args).replace(/^error: /, ''));
    return 2;
  }
  const known = error instanceof IpuPipelineError || error instanceof Stopped;
  // A checkpoint that turns out bad in a stage's thread is still the user's: the stage's failure has it as its cause.
  const blame = error instanceof IpuPipelineError ? blamed(error) : undefined;
  const text = known ? error.message : `${describe(error)} (this is a bug in ipu-pipeline)`;
  const message = withShortArguments(text, args);
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
