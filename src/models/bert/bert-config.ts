/** The shape of a BERT model, from Hugging Face's `config.json`; names follow its keys in camel case. */
export interface BertConfig {
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly vocabSize: number;
  readonly maxPositionEmbeddings: number;
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  /** `gelu` is the exact one (erf), `gelu_new` the tanh approximation. */
  readonly hiddenAct: 'gelu' | 'gelu_new' | 'relu';
  readonly numLabels: number;
  readonly id2label: Readonly<Record<number, string>>;
  /** What a classifier's scores are; told by the number of labels when absent. */
  readonly problemType?: 'regression' | 'single_label_classification' | 'multi_label_classification';
}

/** What sits on top of the encoder; null gives the last hidden state. */
export type BertHead =
  | 'question-answering'
  | 'sequence-classification'
  | 'token-classification'
  | 'multiple-choice'
  | 'masked-lm'
  | 'pre-training'
  | 'next-sentence-prediction'
  | 'pooler';

/** The part of a model that one stage computes: layers `[first, end)`, the embedding before, the head after. */
export interface BertSlice {
  readonly embedding: boolean;
  readonly firstLayer: number;
  readonly endLayer: number;
  readonly head: BertHead | null;
}
