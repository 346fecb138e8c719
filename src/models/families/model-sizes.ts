import { BERT_SIZES, publishedConfig } from '../bert/synthetic-sizes.js';
import type { ModelConfig } from '../model-config.js';

/** Liu et al. 2019, and the config.json of both sizes: 512 positions after that of the padding. */
const roberta = (size: 'base' | 'large'): ModelConfig => ({
  ...publishedConfig(size),
  ...{ modelType: 'roberta', vocabSize: 50265, maxPositionEmbeddings: 514, typeVocabSize: 1 },
  ...{ layerNormEps: 1e-5, padTokenId: 1 },
});

/** Published sizes of all families, `bert-tiny` …: with generated weights they are the models `synthetic:bert-tiny` … */
export const MODEL_SIZES: Readonly<Record<string, ModelConfig>> = {
  ...Object.fromEntries(BERT_SIZES.map((size) => [`bert-${size}`, publishedConfig(size)])),
  'roberta-base': roberta('base'),
  'roberta-large': roberta('large'),
  // Sanh et al. 2019: half of BERT-base's layers.
  'distilbert-base': {
    ...publishedConfig('base'),
    ...{ modelType: 'distilbert', numHiddenLayers: 6, typeVocabSize: 0 },
  },
};
