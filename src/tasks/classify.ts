import { percent } from '../../ipu-config/base/format.js';
import type { ModelConfig } from '../models/model-config.js';
import { likeliest, sigmoid, softmax } from './likelihood.js';
import { TRUNCATE } from './options.js';
import type { TaskDefinition } from './task.js';
import { oneRow, outputOf } from './task-rows.js';

/** A text, or a pair of texts, that is to have a label. */
export interface TextToClassify {
  readonly text: string;
  /** Of a pair, such as premise and hypothesis; null and the empty text are none, as upstream. */
  readonly pair?: string | null;
}

export interface ScoredLabel {
  readonly label: string;
  readonly score: number;
}

/** The best label of a text, and how all of them score. */
export interface Classification extends ScoredLabel {
  /** Every label, the best first. */
  readonly scores: readonly ScoredLabel[];
}

/** Gives each text a label. */
export const classify: TaskDefinition<TextToClassify, Classification, typeof TRUNCATE> = {
  name: 'classify',
  about: 'give each text a label, with a sequence-classification model',
  fields: {
    text: { kind: 'text', about: 'what to classify' },
    pair: { kind: 'optional', about: 'the second text of a pair, such as a hypothesis' },
  },
  options: TRUNCATE,
  head: () => 'sequence-classification',
  begin: ({ tokenizer, config, maxLength }, { truncate }) => ({
    rows: ({ text, pair }) => [oneRow(tokenizer, { text, pair: pair || undefined }, { maxLength, truncate })],
    result: (_input, _rows, outputs) => classification(config, outputOf(outputs[0], 'logits').data),
  }),
  text: ({ scores }, _input, { strong, faint }) =>
    scores
      .map(({ label, score }, at) => (at === 0 ? strong : faint)(`${label} ${percent(score)}`))
      .join(', '),
};

/** Scores as transformers' text-classification pipeline gives them for the model's `problem_type`. */
function classification(config: ModelConfig, logits: ArrayLike<number>): Classification {
  const values = scoresOf(config, logits);
  const scores = likeliest(values, values.length).map((id) => ({
    label: config.id2label[id]!,
    score: values[id]!,
  }));
  return { ...scores[0]!, scores };
}

function scoresOf({ problemType, numLabels }: ModelConfig, logits: ArrayLike<number>): number[] {
  if (problemType === 'regression') return Array.from(logits);
  if (problemType === 'multi_label_classification' || numLabels === 1) return sigmoid(logits);
  return softmax(logits);
}
