import type { Activation } from './steps.js';

/** The shape of an encoder model, from Hugging Face's `config.json`; names follow BERT's keys in camel case. */
export interface ModelConfig {
  /** `model_type`: which family it is of (`families.ts`). */
  readonly modelType: string;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly vocabSize: number;
  readonly maxPositionEmbeddings: number;
  /** Rows of the table of token types; 0 where the family has none. */
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  readonly hiddenAct: Exclude<Activation, 'tanh'>;
  /** The id that fills rows up, where positions depend on it. */
  readonly padTokenId?: number;
  readonly numLabels: number;
  readonly id2label: Readonly<Record<number, string>>;
  /** The class that a cross-encoder declares for its scores: `Identity`, `Sigmoid`. */
  readonly scoreActivation?: string;
  /** What a classifier's scores are; told by the number of labels when absent. */
  readonly problemType?: 'regression' | 'single_label_classification' | 'multi_label_classification';
}

/** Most tokens of a row: there are no positions for more. Where ids count them, they begin after the padding's. */
export function longestSequence({
  maxPositionEmbeddings,
  padTokenId,
}: Pick<ModelConfig, 'maxPositionEmbeddings' | 'padTokenId'>): number {
  return padTokenId === undefined ? maxPositionEmbeddings : maxPositionEmbeddings - padTokenId - 1;
}

/** What sits on top of an encoder. */
export const MODEL_HEADS = [
  'pooler',
  'question-answering',
  'sequence-classification',
  'token-classification',
  'multiple-choice',
  'next-sentence-prediction',
  'masked-lm',
  'pre-training',
] as const;
export type ModelHead = (typeof MODEL_HEADS)[number];

/** The part of a model that one stage computes: layers `[first, end)`, the embedding before, the head after. */
export interface Slice {
  readonly embedding: boolean;
  readonly firstLayer: number;
  readonly endLayer: number;
  /** Null gives the last hidden state. */
  readonly head: ModelHead | null;
}
