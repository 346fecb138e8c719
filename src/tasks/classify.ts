import { InputError } from '../../ipu-config/base/errors.js';
import { percent } from '../../ipu-config/base/format.js';
import { short } from '../../ipu-config/base/json-text.js';
import type { ModelConfig } from '../models/model-config.js';
import { likeliest, sigmoid, softmax } from './likelihood.js';
import { TRUNCATE, type OptionSpec } from './options.js';
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

const SCORES = ['softmax', 'sigmoid', 'raw'] as const;
type Scores = (typeof SCORES)[number];
const SCORES_OPTION: OptionSpec<Scores | undefined> = {
  ...{ kind: 'word', words: SCORES, preset: undefined },
  about: `what scores are of the model's outputs: ${SCORES.join(', ')} (default: what config.json says)`,
};
const OPTIONS = { scores: SCORES_OPTION, ...TRUNCATE };

/** Gives each text a label. */
export const classify: TaskDefinition<TextToClassify, Classification, typeof OPTIONS> = {
  name: 'classify',
  about: 'give each text a label, with a sequence-classification model',
  fields: {
    text: { kind: 'text', about: 'what to classify' },
    pair: { kind: 'optional', about: 'the second text of a pair, such as a hypothesis' },
  },
  options: OPTIONS,
  head: () => 'sequence-classification',
  begin({ tokenizer, config, maxLength }, { scores = scoresOf(config), truncate }) {
    return {
      rows: ({ text, pair }) => [
        oneRow(tokenizer, { text, pair: pair || undefined }, { maxLength, truncate }),
      ],
      result: (_input, _rows, outputs) =>
        classification(config, SCORING[scores](outputOf(outputs[0], 'logits').data)),
    };
  },
  text: ({ scores }, _input, { strong, faint }) =>
    scores.map(({ label, score }, at) => (at === 0 ? strong : faint)(`${label} ${shown(score)}`)).join(', '),
};

const SCORING: Readonly<Record<Scores, (logits: ArrayLike<number>) => number[]>> = {
  softmax,
  sigmoid,
  raw: (logits) => Array.from(logits),
};

/** Raw outputs are no shares of anything. */
function shown(score: number): string {
  return score >= 0 && score <= 1 ? percent(score) : score.toFixed(3);
}

function classification(config: ModelConfig, values: readonly number[]): Classification {
  const scores = likeliest(values, values.length).map((id) => ({
    label: config.id2label[id]!,
    score: values[id]!,
  }));
  return { ...scores[0]!, scores };
}

/**
 * What a cross-encoder declares; else what transformers' text-classification pipeline does for the `problem_type`.
 * @throws InputError for an activation that is declared and not known here
 */
function scoresOf({ problemType, numLabels, scoreActivation }: ModelConfig): Scores {
  if (scoreActivation === 'Identity') return 'raw';
  if (scoreActivation === 'Sigmoid') return 'sigmoid';
  if (scoreActivation !== undefined) {
    throw new InputError(
      `config.json declares the activation ${short(scoreActivation)} for scores, which is not known here. Give ` +
        `--scores ${SCORES.join(', ')} (the option "scores").`,
    );
  }
  if (problemType === 'regression') return 'raw';
  return problemType === 'multi_label_classification' || numLabels === 1 ? 'sigmoid' : 'softmax';
}
