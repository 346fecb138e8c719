import { InputError } from '../../ipu-config/base/errors.js';
import type { BertTokenizer } from '../tokenizer/bert-tokenizer.js';
import type { Encoding } from '../tokenizer/encode.js';
import { encodeWindows } from '../tokenizer/windows.js';
import { answerFromLogits, type Answer, type AnswerOptions, type WindowLogits } from './answer-spans.js';
import type { RowOutput } from '../runs/length-buckets.js';
import { runTask } from '../runs/run-task.js';
import type { Task, TaskContext, TaskInputs, TaskResult, TaskSession } from './task.js';
import { outputOf, refuseEmpty } from './task-rows.js';

export interface QuestionToAnswer {
  readonly question: string;
  /** Of any length: what does not fit into a row is read in several that overlap. */
  readonly context: string;
}

export interface AnswerQuestionsOptions extends AnswerOptions {
  /** Pieces of the context that two neighbouring windows share; a third of a row when absent. */
  readonly docStride?: number;
}

/**
 * Answers questions from their contexts, on a pipeline with a question-answering head. Scores and answers are those of
 * transformers' examples/pytorch/question-answering. @throws as `runTask`
 */
export function answerQuestions<Input extends QuestionToAnswer>(
  session: TaskSession,
  inputs: TaskInputs<Input>,
  options: AnswerQuestionsOptions = {},
): AsyncGenerator<TaskResult<Input, Answer>, void, undefined> {
  return runTask<Input, Answer>(session, answerTask(session, options), inputs);
}

/** The task of `answerQuestions`, without a pipeline to run on. */
export function answerTask(
  context: TaskContext,
  options: AnswerQuestionsOptions = {},
): Task<QuestionToAnswer, Answer> {
  const { tokenizer, maxLength } = context;
  const { docStride = Math.floor(maxLength / 3) } = options;
  return {
    rows: (input) => questionWindows(tokenizer, input, { maxLength, docStride }),
    result: ({ context }, rows, outputs) => {
      const windows = rows.map((row, at) => windowLogits(row, outputs[at]));
      return answerFromLogits(context, windows, options);
    },
  };
}

/**
 * A question with each window of its context that the model can read: `[CLS] question [SEP] window [SEP]`.
 * @throws InputError for an empty question or context, or a question that leaves no room in a row
 */
export function questionWindows(
  tokenizer: BertTokenizer,
  { question, context }: QuestionToAnswer,
  { maxLength, docStride }: { readonly maxLength: number; readonly docStride: number },
): Encoding[] {
  // Upstream takes white space before a question away: some data has much of it.
  const asked = question.trimStart();
  if (asked === '') throw new InputError('the question is empty: ask something.');
  refuseEmpty('context', context);
  return encodeWindows(tokenizer, asked, context, { maxLength, stride: docStride });
}

/** The logits of one row, with the places of its pieces in the context. */
function windowLogits({ sequenceIds, offsets }: Encoding, output: RowOutput | undefined): WindowLogits {
  return {
    startLogits: outputOf(output, 'start_logits').data,
    endLogits: outputOf(output, 'end_logits').data,
    contextOffsets: offsets.map((pair, at) => (sequenceIds[at] === 1 ? pair : null)),
  };
}
