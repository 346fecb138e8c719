import { InputError } from '../../ipu-config/errors.js';
import type { Pipeline } from '../../pipeline/runtime/pipeline.js';
import type { Tensor } from '../../pipeline/tensor.js';
import { CheckpointError } from '../checkpoint/checkpoint-error.js';
import type { BertTokenizer } from '../tokenizer/bert-tokenizer.js';
import type { Encoding } from '../tokenizer/encode.js';
import { questionWindows, rowTensors, windowLogits } from './answer-question.js';
import { answerFromLogits, type Answer, type AnswerOptions, type WindowLogits } from './answer-spans.js';
import type { SquadQuestion } from './squad-file.js';

export interface SquadRunOptions extends AnswerOptions {
  /** Most pieces in a row; 384 when absent. */
  readonly maxLength?: number;
  /** Pieces of the context that two neighbouring windows share; 128 when absent. */
  readonly docStride?: number;
}

export interface AnsweredQuestion {
  readonly id: string;
  /** Rows that the model read for it. */
  readonly windows: number;
  readonly answer: Answer;
}

/**
 * Rows of one question with each window of its paragraph.
 * @throws InputError that names the question, when either text is empty or the question leaves no room
 */
export function squadWindows(
  tokenizer: BertTokenizer,
  { id, question, context }: SquadQuestion,
  { maxLength, docStride }: SquadRunOptions,
): readonly Encoding[] {
  const lengths = {
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(docStride === undefined ? {} : { docStride }),
  };
  try {
    return questionWindows(tokenizer, { question, context, ...lengths }).encodings;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`question ${id}: ${error.message}`, { cause: error });
  }
}

interface Pending {
  readonly question: SquadQuestion;
  readonly encodings: readonly Encoding[];
  readonly logits: WindowLogits[];
}

/**
 * Answers questions on a running pipeline with a question-answering head: the windows of all of them are one stream,
 * one window to a micro-batch, and answers come in the order of the questions. Questions are pulled as the pipeline
 * has room, so memory does not grow with their number.
 * @throws InputError as `squadWindows`; CheckpointError for logits that are no numbers; what `Pipeline.run` throws
 */
export async function* answerSquad(
  pipeline: Pipeline,
  tokenizer: BertTokenizer,
  questions: Iterable<SquadQuestion>,
  options: SquadRunOptions = {},
): AsyncGenerator<AnsweredQuestion, void, undefined> {
  const pending: Pending[] = [];
  for await (const { tensors } of pipeline.run(rows(tokenizer, questions, options, pending))) {
    const first = pending[0]!;
    const { question, encodings, logits } = first;
    const window = windowLogits(encodings[logits.length]!, tensors);
    refuseNaN(window, question.id);
    logits.push(window);
    if (logits.length < encodings.length) continue;
    pending.shift();
    const answer = answerFromLogits(question.context, logits, options);
    yield { id: question.id, windows: encodings.length, answer };
  }
}

function* rows(
  tokenizer: BertTokenizer,
  questions: Iterable<SquadQuestion>,
  options: SquadRunOptions,
  pending: Pending[],
): Generator<Tensor[], void, undefined> {
  for (const question of questions) {
    const encodings = squadWindows(tokenizer, question, options);
    pending.push({ question, encodings, logits: [] });
    yield* encodings.map(rowTensors);
  }
}

/** Weights that overflow would otherwise give answers, only wrong ones. */
function refuseNaN({ startLogits, endLogits }: WindowLogits, id: string): void {
  for (const logits of [startLogits, endLogits]) {
    for (let at = 0; at < logits.length; at++) {
      if (Number.isFinite(logits[at])) continue;
      throw new CheckpointError(
        `question ${id}: the model gave ${logits[at]} as logit of token ${at}: its weights are damaged, or overflow.`,
      );
    }
  }
}
