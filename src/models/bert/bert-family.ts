import {
  afterPooler,
  answerSteps,
  besideTable,
  classifierSteps,
  labelSteps,
  onLast,
  poolerSteps,
  vocabularySteps,
} from '../encoder-heads.js';
import { bertLayer, encoderFamily } from '../encoder.js';
import type { Family, HeadSteps } from '../family.js';
import { tableAt } from '../program-builder.js';
import { encoderConfigReader } from '../read-encoder-config.js';

const WORDS = 'bert.embeddings.word_embeddings';
const POOLER = { module: 'bert.pooler.dense', activation: 'tanh' } as const;
const AT = 'cls.predictions';
const PREDICTIONS = {
  words: WORDS,
  ...{ dense: `${AT}.transform.dense`, norm: `${AT}.transform.LayerNorm`, bias: AT },
};
const TIED = { decoder: `${AT}.decoder`, keepsLastLayer: true } as const;

const preTraining: HeadSteps = (...given) => {
  const relationship = classifierSteps(
    POOLER,
    'cls.seq_relationship',
    2,
    'seq_relationship_logits',
  )(...given);
  return [...vocabularySteps(PREDICTIONS, 'prediction_logits')(...given), ...relationship];
};

/**
 * Source of the blocks: optimum-graphcore b8cd6e09, optimum/graphcore/models/bert/modeling_bert.py. Next-sentence
 * prediction has no pipelined class there; it is placed like the other classifiers of the pooled state.
 */
const HEADS: Family['heads'] = {
  pooler: { add: poolerSteps(POOLER), blocks: besideTable('Pooler Output') },
  'question-answering': { add: answerSteps, blocks: onLast('QA Outputs') },
  'sequence-classification': {
    add: classifierSteps(POOLER, 'classifier'),
    blocks: afterPooler('Classifier Output'),
  },
  'token-classification': { add: labelSteps, blocks: onLast('Classifier Output') },
  'multiple-choice': {
    add: classifierSteps(POOLER, 'classifier', 1),
    blocks: afterPooler('Classifier Output'),
  },
  'next-sentence-prediction': {
    add: classifierSteps(POOLER, 'cls.seq_relationship', 2),
    blocks: afterPooler('Classifier Output'),
  },
  'masked-lm': { add: vocabularySteps(PREDICTIONS), blocks: besideTable('Classifier'), ...TIED },
  'pre-training': { add: preTraining, blocks: besideTable('Pooler Output', 'Classifier'), ...TIED },
};

const CLASSES = { modelTypes: ['bert'], classes: ['Bert'], heads: HEADS, tokenTypes: 'read' } as const;

export const bert: Family = encoderFamily(
  {
    ...CLASSES,
    wordTable: WORDS,
    readConfig: encoderConfigReader(CLASSES),
    spellings: {
      // `BertModel` saves without it.
      prefix: 'bert.',
      tied: {
        [`${WORDS}.weight`]: [`${AT}.decoder.weight`],
        [`${AT}.bias`]: [`${AT}.decoder.bias`],
      },
      endings: { 'LayerNorm.weight': 'LayerNorm.gamma', 'LayerNorm.bias': 'LayerNorm.beta' },
    },
  },
  {
    tables: ({ typeVocabSize, maxPositionEmbeddings, hiddenSize }) => [
      {
        table: tableAt('bert.embeddings.token_type_embeddings', typeVocabSize, hiddenSize),
        rows: { by: 'ids', input: 'token_type_ids' },
      },
      {
        table: tableAt('bert.embeddings.position_embeddings', maxPositionEmbeddings, hiddenSize),
        rows: { by: 'place' },
      },
    ],
    embeddingNorm: 'bert.embeddings.LayerNorm',
    layer: bertLayer('bert.encoder'),
  },
);
