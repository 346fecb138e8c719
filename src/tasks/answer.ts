import { InputError } from '../../ipu-config/base/errors.js';
import { percent } from '../../ipu-config/base/format.js';
import type { Tokenizer } from '../tokenizer/base/tokenizer.js';
import type { Encoding } from '../tokenizer/encode.js';
import { encodeWindows } from '../tokenizer/windows.js';
import { answerFromLogits, type Answer, type WindowLogits } from './answer-spans.js';
import { whole, type OptionSpec } from './options.js';
import type { RowOutput, TaskDefinition, TextStyle } from './task.js';
import { outputOf, refuseEmpty } from './task-rows.js';

/** A question, and the text that may hold its answer. */
export interface QuestionToAnswer {
  readonly question: string;
  /** Of any length: what does not fit into a row is read in several that overlap. */
  readonly context: string;
}

const THRESHOLD: OptionSpec<number | undefined> = {
  ...{ kind: 'number', preset: undefined, last: true },
  about: 'allow "no answer" when it scores higher by this (default: never, there is always an answer)',
};
const OPTIONS = {
  docStride: whole(0, 'pieces that neighbouring windows share (default: a third of a row)', undefined, true),
  nBest: whole(1, 'answers to keep', 20, true),
  maxAnswerLength: whole(1, 'in pieces', 30, true),
  nullThreshold: THRESHOLD,
};

/**
 * Answers questions from their contexts. Scores and answers are those of transformers'
 * examples/pytorch/question-answering.
 */
export const answer: TaskDefinition<QuestionToAnswer, Answer, typeof OPTIONS> = {
  name: 'answer',
  about: 'answer questions from texts, which may be longer than the model can read at once',
  fields: {
    question: { kind: 'text', about: 'what to ask' },
    context: { kind: 'text', about: 'the text that holds the answer, or a file of it', long: true },
  },
  options: OPTIONS,
  head: () => 'question-answering',
  begin({ tokenizer, maxLength }, options) {
    const { docStride = Math.floor(maxLength / 3) } = options;
    return {
      rows: (input) => {
        if (input.question.trim() === '') throw new InputError('the question is empty: ask something.');
        refuseEmpty('context', input.context);
        return questionWindows(tokenizer, input, { maxLength, docStride });
      },
      result: ({ context }, rows, outputs) => {
        const windows = rows.map((row, at) => windowLogits(row, outputs[at]));
        return answerFromLogits(context, windows, options);
      },
    };
  },
  text: (found, { context }, style) => answerText(found, context, style),
};

/**
 * A question with each window of its context that the model can read: `[CLS] question [SEP] window [SEP]`.
 * Either text may be empty, as upstream.
 * @throws InputError for a question that leaves no room in a row
 */
export function questionWindows(
  tokenizer: Tokenizer,
  { question, context }: QuestionToAnswer,
  { maxLength, docStride }: { readonly maxLength: number; readonly docStride: number },
): Encoding[] {
  // Upstream takes white space before a question away: some data has much of it.
  return encodeWindows(tokenizer, question.trimStart(), context, { maxLength, stride: docStride });
}

/** The logits of one row, with the places of its pieces in the context. */
function windowLogits({ sequenceIds, offsets }: Encoding, output: RowOutput | undefined): WindowLogits {
  return {
    startLogits: outputOf(output, 'start_logits').data,
    endLogits: outputOf(output, 'end_logits').data,
    contextOffsets: offsets.map((pair, at) => (sequenceIds[at] === 1 ? pair : null)),
  };
}

/** Characters of the context that are shown on each side of an answer. */
const SURROUNDINGS = 60;

function answerText(found: Answer, context: string, { strong, faint }: TextStyle): string {
  const { text, start, end, probability, nBest } = found;
  if (text === '') return `no answer ${faint(`(${percent(probability)})`)}`;
  const oneLine = (part: string): string => part.replace(/\s+/g, ' ');
  const before = oneLine(context.slice(Math.max(0, start - SURROUNDINGS), start));
  const after = oneLine(context.slice(end, end + SURROUNDINGS));
  const place = `characters ${start}–${end}, ${percent(probability)} of the ${nBest.length} best`;
  return `${strong(text)}\n${faint(place)}\n${faint(`…${before}`)}${strong(oneLine(text))}${faint(`${after}…`)}`;
}
