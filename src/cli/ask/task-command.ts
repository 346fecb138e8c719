import { once } from 'node:events';
import type { Command } from 'commander';
import type * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { BertHead } from '../../models/bert/bert-config.js';
import { withHead } from '../../runs/task-head.js';
import { runTask } from '../../runs/run-task.js';
import { RefusedInput, type Task, type TaskContext, type TaskSession } from '../../tasks/task.js';
import { openTask, taskContext } from '../../runs/task-session.js';
import { executorOf } from '../flags/executor-option.js';
import { cutModel } from '../flags/cut-model.js';
import { abortOnInterrupt } from '../flags/interrupt.js';
import { BadLine, jsonLines, requireReadable, type Placed } from './json-lines.js';
import { withModelOptions, type ModelFlags } from '../flags/model-flags.js';
import { openModelWithBar } from '../flags/open-model.js';
import { wholeNumber } from '../flags/options.js';
import { reportUnused } from '../flags/unused-tensors.js';

/** What every command that runs a task lets its user choose. */
export interface TaskFlags extends ModelFlags {
  readonly microBatch: number;
  readonly input?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export function withTaskOptions(command: Command): Command {
  return withModelOptions(command)
    .option('--micro-batch <n>', 'most rows of like length in a micro-batch', wholeNumber(1), 1)
    .option('--input <file>', 'read JSON Lines from a file, or from stdin (-); one result line for each')
    .option('--strict', 'stop at the first line that cannot be run, instead of reporting it')
    .option('--json', 'print JSON: one object, or one a line with --input');
}

/** How a command reads, runs and shows its task. */
export interface TaskCommand<Input extends object, Output extends object> {
  readonly head: BertHead | null;
  /** Of a line of `--input`. */
  readonly schema: v.GenericSchema<unknown, Input>;
  /** The one input that the flags give; undefined when they give none. */
  readonly single: () => Input | undefined | Promise<Input | undefined>;
  /** What the flags for one input are called, for messages. */
  readonly singleFlags: string;
  readonly task: (context: TaskContext) => Task<Input, Output>;
  /** For people; without a newline at the end. */
  readonly readable: (output: Output, input: Input) => string;
}

/** Runs a task on one input, or on the lines of a file; everything that can be refused is refused before loading. */
export async function runTaskCommand<Input extends object, Output extends object>(
  flags: TaskFlags,
  command: TaskCommand<Input, Output>,
): Promise<void> {
  const single = await command.single();
  if ((single === undefined) === (flags.input === undefined)) {
    throw new InputError(`give either ${command.singleFlags}, or --input with a file of JSON lines.`);
  }
  if (flags.input !== undefined) await requireReadable(flags.input);
  const signal = abortOnInterrupt();
  const model = withHead(await openModelWithBar(flags.model, signal), command.head);
  if (flags.verbose) await reportUnused(model);
  const lengths = flags.maxLength === undefined ? {} : { maxLength: flags.maxLength };
  const task = command.task(await taskContext({ model, ...lengths }));
  if (single) task.rows(single);
  const cut = await cutModel(model, flags.config);
  await using session = await openTask({
    ...{ ...cut, ...lengths, model },
    ...{ head: command.head, executor: await executorOf(flags), microBatch: flags.microBatch },
    signal,
  });
  try {
    if (single) await runSingle(session, task, single, { command, asJson: flags.json ?? false });
    else await runLines(session, task, command, flags);
  } finally {
    // A read that waits for somebody to type would keep the process alive after Ctrl-C.
    if (flags.input === '-') process.stdin.destroy();
  }
}

async function runSingle<Input extends object, Output extends object>(
  session: TaskSession,
  task: Task<Input, Output>,
  input: Input,
  { command, asJson }: { command: TaskCommand<Input, Output>; asJson: boolean },
): Promise<void> {
  for await (const result of runTask(session, task, [input])) {
    if ('error' in result) throw result.error;
    await print(asJson ? JSON.stringify(result.output) : command.readable(result.output, input));
  }
}

async function runLines<Input extends object, Output extends object>(
  session: TaskSession,
  task: Task<Input, Output>,
  command: TaskCommand<Input, Output>,
  { json, strict, input: file }: TaskFlags,
): Promise<void> {
  let [good, bad] = [0, 0];
  const lines = jsonLines(file!, command.schema);
  for await (const result of runTask<Input & Placed, Output>(session, task, lines)) {
    const { line, id } = placeOf(result.input);
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
      json ? JSON.stringify({ line, ...id, ...output }) : `${line}: ${command.readable(output, input)}`,
    );
  }
  if (bad === 0) return;
  if (good === 0) throw new InputError(`none of the ${bad} lines of ${file} could be run.`);
  process.stderr.write(`${bad} of ${good + bad} lines could not be run\n`);
}

function placeOf(input: Placed | RefusedInput): { line: number; id: { id?: string | number } } {
  if (input instanceof BadLine) return { line: input.line, id: {} };
  const { line, id } = input as Placed;
  return { line, id: id === undefined ? {} : { id } };
}

/** Waits while the reader of stdout is slower: otherwise all results would pile up in memory. */
async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}
