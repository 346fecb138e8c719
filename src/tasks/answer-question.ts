import { InputError, InternalError } from '../../ipu-config/errors.js';
import type { Pipeline } from '../../pipeline/runtime/pipeline.js';
import type { Tensor } from '../../pipeline/tensor.js';
import type { BertTokenizer } from '../tokenizer/bert-tokenizer.js';
import type { Encoding } from '../tokenizer/encode.js';
import { encodeWindows } from '../tokenizer/windows.js';
import { answerFromLogits, type Answer, type AnswerOptions, type WindowLogits } from './answer-spans.js';

export interface QuestionOptions extends AnswerOptions {
  readonly question: string;
  readonly context: string;
  /** Most pieces in a row; 384 when absent. */
  readonly maxLength?: number;
  /** Pieces of the context that two neighbouring windows share; 128 when absent. */
  readonly docStride?: number;
}

/** Rows of a question with each window of its context. */
export interface QuestionWindows {
  readonly encodings: readonly Encoding[];
  readonly context: string;
}

const DEFAULTS = { maxLength: 384, docStride: 128 } as const;

/**
 * Cuts the context into windows that the model can read.
 * @throws InputError for an empty question or context, or a question that leaves no room in a row
 */
export function questionWindows(tokenizer: BertTokenizer, options: QuestionOptions): QuestionWindows {
  const { context, maxLength = DEFAULTS.maxLength, docStride = DEFAULTS.docStride } = options;
  // Upstream takes white space before a question away: some data has much of it.
  const question = options.question.trimStart();
  if (question.trim() === '') throw new InputError('the question is empty: ask something.');
  if (context.trim() === '')
    throw new InputError('the context is empty: give the text that holds the answer.');
  const encodings = encodeWindows(tokenizer, question, context, { maxLength, stride: docStride });
  return { encodings, context };
}

/**
 * Answers a question from a context of any length on a running pipeline with a question-answering head, one window
 * to a micro-batch.
 * @throws InputError as `questionWindows`, before anything runs; what `Pipeline.run` throws
 */
export async function answerQuestion(
  pipeline: Pipeline,
  tokenizer: BertTokenizer,
  options: QuestionOptions,
): Promise<Answer> {
  const windows = questionWindows(tokenizer, options);
  const logits: WindowLogits[] = [];
  for await (const { index, tensors } of pipeline.run(windows.encodings.map(rowTensors))) {
    logits.push(windowLogits(windows.encodings[index]!, tensors));
  }
  return answerFromLogits(windows.context, logits, options);
}

/** One row as a micro-batch `[1, sequence]`. */
export function rowTensors({ ids, attentionMask, typeIds }: Encoding): Tensor[] {
  const columns = { input_ids: ids, attention_mask: attentionMask, token_type_ids: typeIds };
  return Object.entries(columns).map(([name, values]) => ({
    name,
    dtype: 'int32',
    shape: [1, values.length],
    data: Int32Array.from(values),
  }));
}

/** The logits of one row, with the places of its pieces in the context. */
export function windowLogits({ sequenceIds, offsets }: Encoding, tensors: readonly Tensor[]): WindowLogits {
  const values = (name: string): ArrayLike<number> => {
    const found = tensors.find((tensor) => tensor.name === name);
    if (!found) throw new InternalError(`the last stage gave no ${name}`);
    return found.data;
  };
  return {
    startLogits: values('start_logits'),
    endLogits: values('end_logits'),
    contextOffsets: offsets.map((pair, at) => (sequenceIds[at] === 1 ? pair : null)),
  };
}
