import { once } from 'node:events';
import { Command } from 'commander';
import pc from 'picocolors';
import { InputError } from '../../../ipu-config/base/errors.js';
import { openSession, taskContext, type Session } from '../../runs/session.js';
import { modelChoices } from '../../runs/sentence-model.js';
import { withHead } from '../../runs/task-head.js';
import { inputSchema, takesText } from '../../tasks/fields.js';
import { resolveOptions, type OptionSpecs } from '../../tasks/options.js';
import { TASKS } from '../../tasks/table.js';
import type { RefusedInput, TaskDefinition } from '../../tasks/task.js';
import { cutAsAsked } from '../flags/cut-model.js';
import { executorOf } from '../flags/executor-option.js';
import { abortOnInterrupt } from '../flags/ending.js';
import { withModelOptions, type ModelFlags } from '../flags/model-flags.js';
import { openModelWithBar } from '../flags/open-model.js';
import { MOST, wholeNumber } from '../flags/options.js';
import { notesOnStderr } from '../flags/notes.js';
import { reportUnused } from '../flags/unused-tensors.js';
import { BadLine, jsonLines, requireReadable, type Placed } from './json-lines.js';
import { addFields, addOptions, inputOf, namesOf, optionsOf } from './task-flags.js';

/** What every command that runs a task lets its user choose, beside the task's own input and options. */
interface TaskFlags extends ModelFlags, Readonly<Record<string, unknown>> {
  readonly microBatch: number;
  readonly input?: string;
  readonly lines?: boolean;
  readonly strict?: boolean;
  readonly exitCode?: boolean;
  readonly json?: boolean;
}

const STYLE = { strong: pc.bold, faint: pc.dim };

/** `ipu-pipeline answer`, `classify` and so on: a command for each task of the table. */
export function taskCommands(): Command[] {
  return Object.values(TASKS).map(taskCommand);
}

function taskCommand(task: TaskDefinition): Command {
  const command = new Command(task.name).description(task.about);
  const options = (last: boolean): OptionSpecs =>
    Object.fromEntries(Object.entries(task.options).filter(([, spec]) => (spec.last ?? false) === last));
  addFields(command, task.fields);
  addOptions(command, options(false));
  withModelOptions(command)
    .option('--micro-batch <n>', 'most rows of like length in a micro-batch', wholeNumber(1, MOST.rows), 1)
    .option('--input <file>', 'read JSON Lines from a file, or from stdin (-); one result line for each');
  if (takesText(task.fields)) command.option('--lines', 'each line of --input is a text, and not JSON');
  command
    .option('--strict', 'stop at the first line that cannot be run, instead of reporting it')
    .option('--exit-code', 'exit with 2 when some lines could not be run, and not only when none could')
    .option('--json', 'print JSON: one object, or one a line with --input');
  addOptions(command, options(true));
  return command.action((flags: TaskFlags) => runTaskCommand(task, flags));
}

/** Runs a task on one input, or on the lines of a file; everything that can be refused is refused before loading. */
async function runTaskCommand(task: TaskDefinition, flags: TaskFlags): Promise<void> {
  const single = await inputOf(task.fields, flags);
  if ((single === undefined) === (flags.input === undefined)) {
    throw new InputError(`give either ${namesOf(task.fields)}, or --input with a file of JSON lines.`);
  }
  if (flags.input !== undefined) await requireReadable(flags.input);
  const lone = flags.lines ? 'lines' : flags.exitCode ? 'exit-code' : undefined;
  if (flags.input === undefined && lone) {
    throw new InputError(`--${lone} is about the lines of --input: give it too.`);
  }
  const signal = abortOnInterrupt();
  const given = optionsOf(task.options, flags);
  resolveOptions(task, given);
  const onNote = notesOnStderr();
  const found = await openModelWithBar(flags.model, signal);
  const choices = await modelChoices(task, given, found, onNote);
  const options = resolveOptions(task, choices.options);
  const model = withHead(found, task.head(options));
  if (flags.verbose) await reportUnused(model);
  const maxLength = flags.maxLength ?? choices.maxLength;
  const lengths = maxLength === undefined ? {} : { maxLength };
  const context = await taskContext({ model, ...lengths, onNote });
  if (single) task.begin(context, options).rows(single);
  const cut = await cutAsAsked(model, flags.config);
  await using session = await openSession({
    ...{ ...cut, ...lengths, model, task, options, signal, onNote },
    ...{ executor: await executorOf(flags), microBatch: flags.microBatch },
  });
  try {
    if (single) {
      const output = await session.submit(single);
      await print(flags.json ? JSON.stringify(output) : task.text(output, single, STYLE));
    } else await runLines(session, task, flags);
  } finally {
    // A read that waits for somebody to type would keep the process alive after Ctrl-C.
    if (flags.input === '-') process.stdin.destroy();
  }
}

async function runLines(
  session: Session<object, object>,
  task: TaskDefinition,
  { json, strict, exitCode, lines, input: file }: TaskFlags,
): Promise<void> {
  let [good, bad] = [0, 0];
  const inputs = jsonLines(file!, inputSchema(task, 'each line'), lines);
  for await (const result of session.stream<Placed>(inputs)) {
    const { line, ...id } = placeOf(result.input);
    if ('error' in result) {
      const { type, message } = result.error;
      if (strict) throw new InputError(`line ${line}: ${message}`, { cause: result.error });
      bad++;
      process.stderr.write(`line ${line}: ${message}\n`);
      if (json) await print(JSON.stringify({ line, ...id, error: { type, message } }));
      continue;
    }
    good++;
    const { output, input } = result;
    await print(
      json ? JSON.stringify({ line, ...id, ...output }) : `${line}: ${task.text(output, input, STYLE)}`,
    );
  }
  if (bad === 0) return;
  if (good === 0) throw new InputError(`none of the ${bad} lines of ${file} could be run.`);
  const some = `${bad} of ${good + bad} lines could not be run`;
  if (exitCode) throw new InputError(`${some}.`);
  process.stderr.write(`${some}\n`);
}

function placeOf(input: Placed | RefusedInput): Placed {
  if (input instanceof BadLine) return input.place;
  const { line, id } = input as Placed;
  return id === undefined ? { line } : { line, id };
}

/** Waits while the reader of stdout is slower: otherwise all results would pile up in memory. */
async function print(line: string): Promise<void> {
  const signal = abortOnInterrupt();
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain', { signal });
}
