import {
  answerSteps,
  besideTable,
  classifierSteps,
  labelSteps,
  onLast,
  vocabularySteps,
} from '../encoder-heads.js';
import { encoderFamily } from '../encoder.js';
import type { Family } from '../family.js';
import { tableAt } from '../program-builder.js';
import { encoderConfigReader } from '../read-encoder-config.js';

const WORDS = 'distilbert.embeddings.word_embeddings';
/** Always relu, whatever the layers have. */
const CLASSIFIER = { module: 'pre_classifier', activation: 'relu' } as const;
const PREDICTIONS = {
  words: WORDS,
  ...{ dense: 'vocab_transform', norm: 'vocab_layer_norm', bias: 'vocab_projector' },
};

/** Source of the blocks: optimum-graphcore b8cd6e09, optimum/graphcore/models/distilbert/modeling_distilbert.py. */
const HEADS: Family['heads'] = {
  'question-answering': { add: answerSteps, blocks: onLast('qa_outputs') },
  'sequence-classification': {
    add: classifierSteps(CLASSIFIER, 'classifier'),
    blocks: onLast('pre_classifier', 'classifier'),
  },
  'token-classification': { add: labelSteps, blocks: onLast('classifier') },
  'multiple-choice': {
    add: classifierSteps(CLASSIFIER, 'classifier', 1),
    blocks: onLast('pre_classifier', 'classifier'),
  },
  'masked-lm': {
    add: vocabularySteps(PREDICTIONS),
    blocks: besideTable('vocab_transform', 'vocab_layer_norm', 'vocab_projector'),
    decoder: 'vocab_projector',
  },
};

const CLASSES = {
  modelTypes: ['distilbert'],
  classes: ['DistilBert'],
  heads: HEADS,
  tokenTypes: 'none',
} as const;

/** BERT with every other layer, without token types and without a pooler. */
export const distilbert: Family = encoderFamily(
  {
    ...CLASSES,
    wordTable: WORDS,
    readConfig: encoderConfigReader(CLASSES, {
      keys: {
        hidden_size: 'dim',
        num_hidden_layers: 'n_layers',
        num_attention_heads: 'n_heads',
        intermediate_size: 'hidden_dim',
        hidden_act: 'activation',
        ...{ type_vocab_size: null, layer_norm_eps: null, position_embedding_type: null },
      },
      defaults: { num_hidden_layers: 6 },
    }),
    spellings: {
      // `DistilBertModel` saves without it.
      prefix: 'distilbert.',
      tied: { [`${WORDS}.weight`]: ['vocab_projector.weight'] },
      endings: {},
    },
  },
  {
    // Sinusoidal positions stand in the file too.
    tables: ({ maxPositionEmbeddings, hiddenSize }) => [
      {
        table: tableAt('distilbert.embeddings.position_embeddings', maxPositionEmbeddings, hiddenSize),
        rows: { by: 'place' },
      },
    ],
    embeddingNorm: 'distilbert.embeddings.LayerNorm',
    layer: (layer) => {
      const at = `distilbert.transformer.layer.${layer}`;
      return {
        query: `${at}.attention.q_lin`,
        key: `${at}.attention.k_lin`,
        value: `${at}.attention.v_lin`,
        context: `${at}.attention.out_lin`,
        contextNorm: `${at}.sa_layer_norm`,
        wide: `${at}.ffn.lin1`,
        narrow: `${at}.ffn.lin2`,
        norm: `${at}.output_layer_norm`,
      };
    },
  },
);
