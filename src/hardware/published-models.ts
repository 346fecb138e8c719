import type { Head, ModelShape } from './model-shape.js';

interface Sizes {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly head: Head;
}

const bert = (layers: number, hiddenSize: number): Sizes => ({
  layers,
  hiddenSize,
  vocabSize: 30522,
  maxPositions: 512,
  head: 'question-answering',
});
const gpt2 = (layers: number, hiddenSize: number): Sizes => ({
  layers,
  hiddenSize,
  vocabSize: 50257,
  maxPositions: 1024,
  head: 'causal-lm',
});

/** Sizes that were published: google-research/bert README; Radford et al. 2019, table 2. */
const MODELS: Readonly<Record<string, Sizes>> = {
  'bert-tiny': bert(2, 128),
  'bert-mini': bert(4, 256),
  'bert-small': bert(4, 512),
  'bert-medium': bert(8, 512),
  'bert-base': bert(12, 768),
  'bert-large': bert(24, 1024),
  gpt2: gpt2(12, 768),
  'gpt2-medium': gpt2(24, 1024),
  'gpt2-large': gpt2(36, 1280),
  'gpt2-xl': gpt2(48, 1600),
};

export const PUBLISHED_MODELS: readonly string[] = Object.keys(MODELS);

/** The shape of a published model, 64 numbers to a head; undefined for other names. */
export function publishedModel(name: string, head?: Head): ModelShape | undefined {
  const sizes = MODELS[name.replace(/^synthetic:/, '')];
  if (!sizes) return undefined;
  return {
    name,
    ...sizes,
    head: head ?? sizes.head,
    attentionHeads: Math.round(sizes.hiddenSize / 64),
    intermediateSize: 4 * sizes.hiddenSize,
    labels: 2,
  };
}
