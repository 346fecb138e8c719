import { percent } from '../../ipu-config/base/format.js';
import { softmax } from './likelihood.js';
import { TRUNCATE } from './options.js';
import type { TaskDefinition } from './task.js';
import { oneRow, outputOf } from './task-rows.js';

/** Two texts, of which the second may follow the first. */
export interface SentencePair {
  readonly first: string;
  readonly second: string;
}

/** Whether the second text follows the first. */
export interface NextSentence {
  /** The second text is likelier to follow the first than to be any other. */
  readonly isNext: boolean;
  /** That it follows. */
  readonly probability: number;
}

/**
 * Says whether one text follows another. The first of the head's two logits is "follows", as in transformers'
 * BertForNextSentencePrediction.
 */
export const nextSentence: TaskDefinition<SentencePair, NextSentence, typeof TRUNCATE> = {
  name: 'next-sentence',
  about: 'say whether one text follows another, with a next-sentence or pre-training model',
  fields: {
    first: { kind: 'text', about: 'the text before' },
    second: { kind: 'text', about: 'the text that may follow it' },
  },
  options: TRUNCATE,
  head: () => 'next-sentence-prediction',
  begin: ({ tokenizer, maxLength }, { truncate }) => ({
    rows: ({ first, second }) => [oneRow(tokenizer, { first, second }, { maxLength, truncate })],
    result: (_input, _rows, [output]) => {
      const probability = softmax(outputOf(output, 'logits').data)[0]!;
      return { isNext: probability > 0.5, probability };
    },
  }),
  text: ({ isNext, probability }, _input, { strong, faint }) =>
    `${strong(isNext ? 'follows' : 'does not follow')} ${faint(`(that it follows: ${percent(probability)})`)}`,
};
