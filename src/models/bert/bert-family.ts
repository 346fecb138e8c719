import { MODEL_HEADS } from '../model-config.js';
import type { Family } from '../family.js';
import { bertBlocks } from './bert-blocks.js';
import { bertProgram } from './bert-program.js';
import { readBertConfig } from './read-bert-config.js';

export const bert: Family = {
  modelTypes: ['bert'],
  heads: MODEL_HEADS,
  readConfig: readBertConfig,
  program: bertProgram,
  blocks: bertBlocks,
  spellings: {
    // `BertModel` saves without it.
    prefix: 'bert.',
    tied: {
      'bert.embeddings.word_embeddings.weight': ['cls.predictions.decoder.weight'],
      'cls.predictions.bias': ['cls.predictions.decoder.bias'],
    },
    endings: { 'LayerNorm.weight': 'LayerNorm.gamma', 'LayerNorm.bias': 'LayerNorm.beta' },
  },
};
