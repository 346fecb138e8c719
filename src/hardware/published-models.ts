import type { ModelConfig } from '../models/model-config.js';
import { MODEL_SIZES } from '../models/families/model-sizes.js';
import type { Head, ModelShape } from './model-shape.js';

type Sizes = Omit<ModelShape, 'name'>;

/** Layers and hidden size; no family runs them. Source: Radford et al. 2019, table 2. */
const GPT2: readonly (readonly [string, number, number])[] = [
  ['gpt2', 12, 768],
  ['gpt2-medium', 24, 1024],
  ['gpt2-large', 36, 1280],
  ['gpt2-xl', 48, 1600],
];

const gpt2 = (layers: number, hiddenSize: number): Sizes => ({
  layers,
  hiddenSize,
  vocabSize: 50257,
  maxPositions: 1024,
  head: 'causal-lm',
  attentionHeads: hiddenSize / 64,
  intermediateSize: 4 * hiddenSize,
  labels: 2,
});

const MODELS: Readonly<Record<string, Sizes>> = Object.fromEntries([
  ...Object.entries(MODEL_SIZES).map(([name, config]) => [name, sizesOf(config)] as const),
  ...GPT2.map(([name, layers, hiddenSize]) => [name, gpt2(layers, hiddenSize)] as const),
]);

export const PUBLISHED_MODELS: readonly string[] = Object.keys(MODELS);

/** The shape of a published model; undefined for other names. */
export function publishedModel(name: string, head?: Head): ModelShape | undefined {
  const plain = name.replace(/^synthetic:/, '');
  const sizes = Object.hasOwn(MODELS, plain) ? MODELS[plain] : undefined;
  return sizes && { name, ...sizes, head: head ?? sizes.head };
}

/** What costs depend on. */
export function sizesOf(config: ModelConfig, head: Head = 'question-answering'): Sizes {
  return {
    modelType: config.modelType,
    layers: config.numHiddenLayers,
    hiddenSize: config.hiddenSize,
    vocabSize: config.vocabSize,
    maxPositions: config.maxPositionEmbeddings,
    ...(config.padTokenId === undefined ? {} : { padTokenId: config.padTokenId }),
    tokenTypes: config.typeVocabSize,
    head,
    attentionHeads: config.numAttentionHeads,
    intermediateSize: config.intermediateSize,
    labels: config.numLabels,
  };
}
