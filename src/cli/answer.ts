import { readFile, stat } from 'node:fs/promises';
import { Command } from 'commander';
import pc from 'picocolors';
import { InputError } from '../../ipu-config/errors.js';
import { checkSequenceLength, requireHead, startBertPipeline } from '../bert/bert-pipeline.js';
import { percent } from '../report/format.js';
import { answerQuestion, questionWindows } from '../tasks/answer-question.js';
import type { Answer } from '../tasks/answer-spans.js';
import { tokenizerOf } from '../tokenizer/model-tokenizer.js';
import { USUAL_LENGTH, withAnsweringOptions, type AnsweringFlags } from './answering-flags.js';
import { cutModel } from './cut-model.js';
import { openModelWithBar } from './open-model.js';
import { abortOnInterrupt } from './interrupt.js';

interface AnswerFlags extends AnsweringFlags {
  readonly question: string;
  readonly context: string;
}

/** `ipu-pipeline answer`: a question, a text of any length, and where in it the answer stands. */
export function answerCommand(): Command {
  const command = new Command('answer')
    .description('answer a question from a text, which may be longer than the model can read at once')
    .requiredOption('--question <text>', 'what to ask')
    .requiredOption('--context <text-or-file>', 'the text that holds the answer, or a file of it');
  return withAnsweringOptions(command, 'never, there is always an answer')
    .option('--json', 'print one JSON object')
    .action(async (flags: AnswerFlags, command: Command) => {
      const context = await textOrFile(flags.context);
      const answer = await run({ ...flags, context });
      const print = flags.json ? `${JSON.stringify(answer)}\n` : readable(answer, context);
      command.configureOutput().writeOut?.(print);
    });
}

async function run(given: AnswerFlags): Promise<Answer> {
  const signal = abortOnInterrupt();
  const model = await openModelWithBar(given.model, signal);
  requireHead(model, 'question-answering');
  const maxLength = given.maxLength ?? Math.min(USUAL_LENGTH, model.config.maxPositionEmbeddings);
  checkSequenceLength(model, maxLength);
  const flags = { ...given, maxLength, docStride: given.docStride ?? Math.floor(maxLength / 3) };
  const tokenizer = await tokenizerOf(model);
  // Bad questions are refused before a thread is started.
  const longest = Math.max(...questionWindows(tokenizer, flags).encodings.map(({ ids }) => ids.length));
  const { stages, threadsPerStage } = await cutModel(model, flags.config);
  await using pipeline = await startBertPipeline({
    ...{ model, stages, threadsPerStage },
    executor: flags.executor,
    microBatch: 1,
    sequenceLength: longest,
    signal,
  });
  return await answerQuestion(pipeline, tokenizer, flags);
}

async function textOrFile(text: string): Promise<string> {
  if (!(await isFile(text))) return text;
  return readFile(text, 'utf8').catch((error: unknown) => {
    throw new InputError(`cannot read ${text}: ${(error as Error).message}.`, { cause: error });
  });
}

async function isFile(path: string): Promise<boolean> {
  // A text may be longer than a path can be, or hold characters that no path has.
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ?? false;
}

/** Characters of the context that are shown on each side of an answer. */
const SURROUNDINGS = 60;

function readable(answer: Answer, context: string): string {
  if (answer.text === '') return `no answer ${pc.dim(`(${percent(answer.probability)})`)}\n`;
  const { start, end } = answer;
  const oneLine = (text: string): string => text.replace(/\s+/g, ' ');
  const before = oneLine(context.slice(Math.max(0, start - SURROUNDINGS), start));
  const after = oneLine(context.slice(end, end + SURROUNDINGS));
  const place = `characters ${start}–${end}, ${percent(answer.probability)} of the ${answer.nBest.length} best`;
  return `${pc.bold(answer.text)}\n${pc.dim(place)}\n${pc.dim(`…${before}`)}${pc.bold(oneLine(answer.text))}${pc.dim(`${after}…`)}\n`;
}
