import { Command } from 'commander';
import pc from 'picocolors';
import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import { percent } from '../../../ipu-config/base/format.js';
import { answerTask } from '../../tasks/answer-questions.js';
import type { Answer } from '../../tasks/answer-spans.js';
import { withAnswerOptions, type AnswerFlags } from './answering-flags.js';
import { runTaskCommand, withTaskOptions, type TaskFlags } from './task-command.js';
import { textOrFile } from './text-or-file.js';

interface Flags extends TaskFlags, AnswerFlags {
  readonly question?: string;
  readonly context?: string;
}

/** `ipu-pipeline answer`: questions, texts of any length, and where in them the answers stand. */
export function answerCommand(): Command {
  const command = new Command('answer')
    .description('answer questions from texts, which may be longer than the model can read at once')
    .option('--question <text>', 'what to ask')
    .option('--context <text-or-file>', 'the text that holds the answer, or a file of it');
  const string = v.string('it must be a string.');
  return withAnswerOptions(withTaskOptions(command), 'never, there is always an answer').action(
    (flags: Flags) =>
      runTaskCommand(flags, {
        head: 'question-answering',
        schema: v.object(
          { question: string, context: string },
          'each line must be {"question": …, "context": …}.',
        ),
        single: () => singleQuestion(flags),
        singleFlags: '--question and --context',
        task: (context) => answerTask(context, flags),
        readable: (answer, { context }) => readable(answer, context),
      }),
  );
}

async function singleQuestion({
  question,
  context,
}: Flags): Promise<{ question: string; context: string } | undefined> {
  if (question === undefined && context === undefined) return undefined;
  if (question === undefined || context === undefined) {
    throw new InputError(`--${question === undefined ? 'question' : 'context'} is missing: give both.`);
  }
  return { question, context: await textOrFile(context) };
}

/** Characters of the context that are shown on each side of an answer. */
const SURROUNDINGS = 60;

function readable(answer: Answer, context: string): string {
  if (answer.text === '') return `no answer ${pc.dim(`(${percent(answer.probability)})`)}`;
  const { start, end } = answer;
  const oneLine = (text: string): string => text.replace(/\s+/g, ' ');
  const before = oneLine(context.slice(Math.max(0, start - SURROUNDINGS), start));
  const after = oneLine(context.slice(end, end + SURROUNDINGS));
  const place = `characters ${start}–${end}, ${percent(answer.probability)} of the ${answer.nBest.length} best`;
  return `${pc.bold(answer.text)}\n${pc.dim(place)}\n${pc.dim(`…${before}`)}${pc.bold(oneLine(answer.text))}${pc.dim(`${after}…`)}`;
}
