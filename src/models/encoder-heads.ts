import type { Block, FamilyHead, HeadIpus, HeadSteps } from './family.js';
import type { ModelConfig } from './model-config.js';
import { linearAt, normAt, tableAt, type ProgramBuilder } from './program-builder.js';
import type { ProgramOutput } from './program.js';
import type { Activation, Value } from './steps.js';

type Blocks = FamilyHead['blocks'];

/** On the replica's last IPU, whatever IPU the last layer is on. */
export const onLast =
  (...names: string[]): Blocks =>
  ({ last }) =>
    names.map((name) => ({ name, ipu: last }));

/** What shares weights with the embedding or sits beside it returns to IPU 0. */
export const besideTable =
  (...names: string[]): Blocks =>
  () =>
    names.map((name) => ({ name, ipu: 0 }));

/** A pooler that has no block of its own upstream, and so runs in the block before it; then the classifier. */
export const afterPooler =
  (name: string): Blocks =>
  (ipus: HeadIpus): readonly Block[] => [
    { name: 'Pooler (inherits)', ipu: ipus.lastLayer },
    ...onLast(name)(ipus),
  ];

function output(name: string, { name: of, shape }: Value): ProgramOutput {
  return { name, dtype: 'float32', shape, of };
}

/** A linear layer over the first position and an activation: `[batch, hidden]`. */
export interface FirstLayer {
  readonly module: string;
  readonly activation: Activation;
}

function pooled(
  steps: ProgramBuilder,
  { hiddenSize }: ModelConfig,
  hidden: Value,
  { module, activation }: FirstLayer,
): Value {
  const dense = linearAt(module, hiddenSize, hiddenSize);
  return steps.linear('pooler', steps.first('first positions', hidden), dense, activation);
}

/** The last hidden state, and the pooled one. */
export const poolerSteps =
  (first: FirstLayer): HeadSteps =>
  (steps, config, hidden) => [
    output('last_hidden_state', hidden),
    output('pooler_output', pooled(steps, config, hidden, first)),
  ];

/** Scores of a row, from its first position; as many as the model has labels where no number is given. */
export const classifierSteps =
  (first: FirstLayer, module: string, labels?: number, name = 'logits'): HeadSteps =>
  (steps, config, hidden) => {
    const scores = linearAt(module, labels ?? config.numLabels, config.hiddenSize);
    return [output(name, steps.linear('classifier', pooled(steps, config, hidden, first), scores))];
  };

/** Where an answer begins and ends. */
export const answerSteps: HeadSteps = (steps, { hiddenSize }, hidden) => {
  const logits = steps.linear('classifier', hidden, linearAt('qa_outputs', 2, hiddenSize));
  return ['start_logits', 'end_logits'].map((name, column) => ({
    ...{ name, dtype: 'float32', shape: hidden.shape.slice(0, 2), of: logits.name, column },
  }));
};

/** Scores of each token. */
export const labelSteps: HeadSteps = (steps, { hiddenSize, numLabels }, hidden) => [
  output('logits', steps.linear('classifier', hidden, linearAt('classifier', numLabels, hiddenSize))),
];

/** Modules of a masked-LM head. */
export interface VocabularyNames {
  readonly words: string;
  readonly dense: string;
  readonly norm: string;
  /** What has the decoder's bias as its own. */
  readonly bias: string;
  /** That of the layers when absent. */
  readonly activation?: Activation;
}

/** Scores over the vocabulary; the decoder is tied to the word embeddings, as upstream ties it. */
export const vocabularySteps =
  (at: VocabularyNames, name = 'logits'): HeadSteps =>
  (steps, config, hidden, { picked }) => {
    const { hiddenSize, hiddenAct, layerNormEps, vocabSize } = config;
    const tokens = picked ? steps.gather('picked tokens', hidden, 'picked_positions') : hidden;
    const dense = linearAt(at.dense, hiddenSize, hiddenSize);
    const wide = steps.linear('transform', tokens, dense, at.activation ?? hiddenAct);
    const norm = steps.norm('transform norm', wide, normAt(at.norm, hiddenSize, layerNormEps));
    const scores = {
      weight: tableAt(at.words, vocabSize, hiddenSize),
      bias: { name: `${at.bias}.bias`, shape: [vocabSize] },
    };
    return [output(name, steps.linear('vocabulary', norm, scores))];
  };
