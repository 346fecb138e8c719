import type { ModelConfig } from '../model-config.js';

/** Layers and hidden size of the published BERT sizes (google-research/bert: README, "smaller BERT models"). */
const SIZES = {
  tiny: { layers: 2, hidden: 128 },
  mini: { layers: 4, hidden: 256 },
  small: { layers: 4, hidden: 512 },
  medium: { layers: 8, hidden: 512 },
  base: { layers: 12, hidden: 768 },
  large: { layers: 24, hidden: 1024 },
} as const;

export type BertSize = keyof typeof SIZES;
export const BERT_SIZES = Object.keys(SIZES) as BertSize[];

/** The configuration of a published size: 64 numbers to a head, a feed-forward part of four times the hidden size. */
export function publishedConfig(size: BertSize): ModelConfig {
  const { layers, hidden } = SIZES[size];
  return {
    modelType: 'bert',
    hiddenSize: hidden,
    numHiddenLayers: layers,
    numAttentionHeads: hidden / 64,
    intermediateSize: 4 * hidden,
    vocabSize: 30522,
    maxPositionEmbeddings: 512,
    typeVocabSize: 2,
    layerNormEps: 1e-12,
    hiddenAct: 'gelu',
    numLabels: 2,
    id2label: { 0: 'LABEL_0', 1: 'LABEL_1' },
  };
}
