import { BERT_SIZES, publishedConfig } from '../bert/synthetic-sizes.js';
import type { ModelConfig } from '../model-config.js';

/** Published sizes of all families, `bert-tiny` …: with generated weights they are the models `synthetic:bert-tiny` … */
export const MODEL_SIZES: Readonly<Record<string, ModelConfig>> = Object.fromEntries(
  BERT_SIZES.map((size) => [`bert-${size}`, publishedConfig(size)]),
);
