import type { Block, ProgramOptions } from '../family.js';
import type { ModelHead } from '../model-config.js';
import { linearAt, normAt, type ProgramBuilder } from '../program-builder.js';
import type { ProgramOutput } from '../program.js';
import type { Value } from '../steps.js';
import { wordTable, type BertSizes } from './bert-encoder.js';

/** IPUs that the blocks of a head may be on. */
interface HeadIpus {
  readonly lastLayer: number;
  /** The replica's last, whether or not it holds a layer. */
  readonly last: number;
}

interface HeadRow {
  /** transformers' class of models with this head. */
  readonly architecture: string;
  /** Adds its steps to those of the encoder; outputs carry upstream's names. */
  readonly add: (
    steps: ProgramBuilder,
    sizes: BertSizes,
    hidden: Value,
    options: ProgramOptions,
  ) => readonly ProgramOutput[];
  /**
   * Where upstream puts it. What shares weights or sits beside the embedding returns to IPU 0.
   * Source: optimum-graphcore b8cd6e09, optimum/graphcore/models/bert/modeling_bert.py. Next-sentence prediction has no
   * pipelined class there; it is placed like the other classifiers of the pooled state.
   */
  readonly blocks: (ipus: HeadIpus) => readonly Block[];
}

const classifier = ({ last }: HeadIpus): readonly Block[] => [{ name: 'Classifier Output', ipu: last }];
/** The pooler has no block of its own there: it runs in the block before it. */
const pooledClassifier = (ipus: HeadIpus): readonly Block[] => [
  { name: 'Pooler (inherits)', ipu: ipus.lastLayer },
  ...classifier(ipus),
];
const besideTheTable =
  (...names: string[]) =>
  (): readonly Block[] =>
    names.map((name) => ({ name, ipu: 0 }));

export const BERT_HEADS: Readonly<Record<ModelHead, HeadRow>> = {
  pooler: {
    architecture: 'BertModel',
    add: (steps, sizes, hidden) => [
      output('last_hidden_state', hidden),
      output('pooler_output', pooled(steps, sizes, hidden)),
    ],
    blocks: besideTheTable('Pooler Output'),
  },
  'question-answering': {
    architecture: 'BertForQuestionAnswering',
    add: (steps, { hiddenSize }, hidden) => {
      const logits = steps.linear('classifier', hidden, linearAt('qa_outputs', 2, hiddenSize));
      return ['start_logits', 'end_logits'].map((name, column) => ({
        ...{ name, dtype: 'float32', shape: hidden.shape.slice(0, 2), of: logits.name, column },
      }));
    },
    blocks: ({ last }) => [{ name: 'QA Outputs', ipu: last }],
  },
  'sequence-classification': {
    architecture: 'BertForSequenceClassification',
    add: (...given) => [output('logits', classified(...given, 'classifier', given[1].numLabels))],
    blocks: pooledClassifier,
  },
  'token-classification': {
    architecture: 'BertForTokenClassification',
    add: (steps, { hiddenSize, numLabels }, hidden) => [
      output('logits', steps.linear('classifier', hidden, linearAt('classifier', numLabels, hiddenSize))),
    ],
    blocks: classifier,
  },
  'multiple-choice': {
    architecture: 'BertForMultipleChoice',
    add: (...given) => [output('logits', classified(...given, 'classifier', 1))],
    blocks: pooledClassifier,
  },
  'next-sentence-prediction': {
    architecture: 'BertForNextSentencePrediction',
    add: (...given) => [output('logits', classified(...given, 'cls.seq_relationship', 2))],
    blocks: pooledClassifier,
  },
  'masked-lm': {
    architecture: 'BertForMaskedLM',
    add: (...given) => [output('logits', predictions(...given))],
    blocks: besideTheTable('Classifier'),
  },
  'pre-training': {
    architecture: 'BertForPreTraining',
    add: (...given) => {
      const relationship = output('seq_relationship_logits', classified(...given, 'cls.seq_relationship', 2));
      return [output('prediction_logits', predictions(...given)), relationship];
    },
    blocks: besideTheTable('Pooler Output', 'Classifier'),
  },
};

function output(name: string, { name: of, shape }: Value): ProgramOutput {
  return { name, dtype: 'float32', shape, of };
}

/** tanh of a linear layer over the first position, `[batch, hidden]`. */
function pooled(steps: ProgramBuilder, { hiddenSize }: BertSizes, hidden: Value): Value {
  const dense = linearAt('bert.pooler.dense', hiddenSize, hiddenSize);
  return steps.linear('pooler', steps.first('first positions', hidden), dense, 'tanh');
}

function classified(
  steps: ProgramBuilder,
  sizes: BertSizes,
  hidden: Value,
  _: ProgramOptions,
  at: string,
  labels: number,
): Value {
  return steps.linear('classifier', pooled(steps, sizes, hidden), linearAt(at, labels, sizes.hiddenSize));
}

/** Scores over the vocabulary; the decoder is tied to the word embeddings, as upstream ties it. */
function predictions(
  steps: ProgramBuilder,
  sizes: BertSizes,
  hidden: Value,
  { picked }: ProgramOptions,
): Value {
  const { hiddenSize, hiddenAct, layerNormEps, vocabSize } = sizes;
  const at = 'cls.predictions';
  const tokens = picked ? steps.gather('picked tokens', hidden, 'picked_positions') : hidden;
  const dense = linearAt(`${at}.transform.dense`, hiddenSize, hiddenSize);
  const wide = steps.linear('transform', tokens, dense, hiddenAct);
  const norm = normAt(`${at}.transform.LayerNorm`, hiddenSize, layerNormEps);
  return steps.linear('vocabulary', steps.norm('transform norm', wide, norm), {
    weight: wordTable(sizes),
    bias: { name: `${at}.bias`, shape: [vocabSize] },
  });
}
