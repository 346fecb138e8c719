import { softmax } from './likelihood.js';
import { runTask } from '../runs/run-task.js';
import type { Task, TaskContext, TaskInputs, TaskResult, TaskSession } from './task.js';
import { oneRow, outputOf } from './task-rows.js';

export interface SentencePair {
  readonly first: string;
  readonly second: string;
}

export interface NextSentence {
  /** The second text is likelier to follow the first than to be any other. */
  readonly isNext: boolean;
  /** That it follows. */
  readonly probability: number;
}

export interface NextSentenceOptions {
  /** Cut texts that are too long; refused when absent. */
  readonly truncate?: boolean;
}

/**
 * Says whether one text follows another, on a pipeline with a next-sentence-prediction or pre-training head. The
 * first of its two logits is "follows", as in transformers' BertForNextSentencePrediction. @throws as `runTask`
 */
export function predictNext<Input extends SentencePair>(
  session: TaskSession,
  inputs: TaskInputs<Input>,
  options: NextSentenceOptions = {},
): AsyncGenerator<TaskResult<Input, NextSentence>, void, undefined> {
  return runTask<Input, NextSentence>(session, nextSentenceTask(session, options), inputs);
}

/** The task of `predictNext`, without a pipeline to run on. */
export function nextSentenceTask(
  context: TaskContext,
  options: NextSentenceOptions = {},
): Task<SentencePair, NextSentence> {
  const { tokenizer, maxLength } = context;
  return {
    rows: ({ first, second }) => [oneRow(tokenizer, { first, second }, { maxLength, ...options })],
    result: (_input, _rows, [output]) => {
      const name = output?.has('logits') ? 'logits' : 'seq_relationship_logits';
      const probability = softmax(outputOf(output, name).data)[0]!;
      return { isNext: probability > 0.5, probability };
    },
  };
}
