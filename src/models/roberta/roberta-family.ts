import { CheckpointError } from '../../../ipu-config/base/checkpoint-error.js';
import { brief } from '../../../ipu-config/base/json-text.js';
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
import type { Family } from '../family.js';
import { tableAt } from '../program-builder.js';
import { encoderConfigReader } from '../read-encoder-config.js';

const WORDS = 'roberta.embeddings.word_embeddings';
const POOLER = { module: 'roberta.pooler.dense', activation: 'tanh' } as const;
/** The classifier of rows has a layer of its own in the pooler's place. */
const CLASSIFIER = { module: 'classifier.dense', activation: 'tanh' } as const;

/** Source of the blocks: optimum-graphcore b8cd6e09, optimum/graphcore/models/roberta/modeling_roberta.py. */
const HEADS: Family['heads'] = {
  // It has no pipelined class there; BERT's goes back to the embedding.
  pooler: { add: poolerSteps(POOLER), blocks: besideTable('Pooler Output') },
  'question-answering': { add: answerSteps, blocks: onLast('qa_outputs') },
  'sequence-classification': {
    add: classifierSteps(CLASSIFIER, 'classifier.out_proj'),
    blocks: onLast('classifier'),
  },
  'token-classification': { add: labelSteps, blocks: onLast('classifier') },
  'multiple-choice': { add: classifierSteps(POOLER, 'classifier', 1), blocks: afterPooler('classifier') },
  'masked-lm': {
    // Always gelu, whatever the layers have.
    add: vocabularySteps({
      ...{ words: WORDS, dense: 'lm_head.dense', norm: 'lm_head.layer_norm', bias: 'lm_head' },
      activation: 'gelu',
    }),
    blocks: besideTable('lm_head'),
    decoder: 'lm_head.decoder',
    keepsLastLayer: true,
  },
};

const CLASSES = {
  modelTypes: ['roberta', 'xlm-roberta', 'camembert'],
  classes: ['Roberta', 'XLMRoberta', 'Camembert'],
  heads: HEADS,
  tokenTypes: 'zero',
} as const;

const readShape = encoderConfigReader(CLASSES, { defaults: { vocab_size: 50265 } });

/** With the padding's id, after which positions are counted. */
const readConfig: Family['readConfig'] = (path, json) => {
  const { config, head } = readShape(path, json);
  const { pad_token_id: padTokenId = 1 } = json as { readonly pad_token_id?: unknown };
  const most = Math.min(config.vocabSize - 1, config.maxPositionEmbeddings - 2);
  if (
    typeof padTokenId === 'number' &&
    Number.isInteger(padTokenId) &&
    padTokenId >= 0 &&
    padTokenId <= most
  ) {
    return { config: { ...config, padTokenId }, head };
  }
  throw new CheckpointError(
    `${path}: pad_token_id is ${brief(padTokenId)}; it must be a whole number from 0 to ${most}, for positions are ` +
      `counted from it, and there are ${config.maxPositionEmbeddings} (max_position_embeddings).`,
  );
};

/** RoBERTa, and what has its code under other names: XLM-RoBERTa and CamemBERT. */
export const roberta: Family = encoderFamily(
  {
    ...CLASSES,
    wordTable: WORDS,
    readConfig,
    spellings: {
      // `RobertaModel` saves without it.
      prefix: 'roberta.',
      tied: { [`${WORDS}.weight`]: ['lm_head.decoder.weight'], 'lm_head.bias': ['lm_head.decoder.bias'] },
      endings: {},
    },
  },
  {
    tables: ({ typeVocabSize, maxPositionEmbeddings, hiddenSize, padTokenId = 1 }) => [
      {
        table: tableAt('roberta.embeddings.token_type_embeddings', typeVocabSize, hiddenSize),
        rows: { by: 'row', row: 0 },
      },
      {
        table: tableAt('roberta.embeddings.position_embeddings', maxPositionEmbeddings, hiddenSize),
        rows: { by: 'count', input: 'input_ids', padding: padTokenId },
      },
    ],
    embeddingNorm: 'roberta.embeddings.LayerNorm',
    layer: bertLayer('roberta.encoder'),
  },
);
