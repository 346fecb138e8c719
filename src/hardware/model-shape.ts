/** What sits on the encoder or decoder. */
export const HEADS = [
  'none',
  'pooler',
  'question-answering',
  'sequence-classification',
  'token-classification',
  'multiple-choice',
  'next-sentence-prediction',
  'masked-lm',
  'pretraining',
  'causal-lm',
] as const;
export type Head = (typeof HEADS)[number];

/** A stack of transformer layers by its sizes: all that costs and memory depend on. */
export interface ModelShape {
  readonly name: string;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly attentionHeads: number;
  readonly intermediateSize: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly head: Head;
  /** Tokens of a row that a masked-LM head projects to the vocabulary; absent: 15 % of the row. */
  readonly maskedTokensPerRow?: number;
  readonly labels?: number;
}

/** Share of tokens that BERT's pre-training masks (Devlin et al. 2018, section 3.1). */
const MASKED_SHARE = 0.15;

/** Weights of one layer's attention half: three input projections, one output projection, one LayerNorm. */
export function attentionParameters({ hiddenSize: h }: ModelShape): number {
  return 4 * h * h + 4 * h + 2 * h;
}

/** Weights of one layer's feed-forward half: two projections, one LayerNorm. */
export function feedForwardParameters({ hiddenSize: h, intermediateSize: i }: ModelShape): number {
  return 2 * h * i + i + h + 2 * h;
}

/** Word, position and segment tables and their LayerNorm. */
export function embeddingParameters({ hiddenSize: h, vocabSize, maxPositions }: ModelShape): number {
  return (vocabSize + maxPositions + 2) * h + 2 * h;
}

/**
 * Weights of a head beyond those that it shares with the embedding: a vocabulary projection is tied to the word
 * table where both sit on one IPU, and a copy of its own elsewhere.
 */
export function headParameters(model: ModelShape, sharesTable: boolean): number {
  const { hiddenSize: h, vocabSize, labels = 2 } = model;
  const pooler = h * h + h;
  const projection = sharesTable ? vocabSize : vocabSize * h + vocabSize;
  const transform = h * h + 3 * h;
  const sizes: Record<Head, number> = {
    none: 0,
    pooler,
    'question-answering': 2 * h + 2,
    'sequence-classification': pooler + labels * (h + 1),
    'token-classification': labels * (h + 1),
    'multiple-choice': pooler + h + 1,
    'next-sentence-prediction': pooler + 2 * h + 2,
    'masked-lm': transform + projection,
    pretraining: pooler + 2 * h + 2 + transform + projection,
    'causal-lm': sharesTable ? 0 : vocabSize * h,
  };
  return sizes[model.head];
}

export function projectsToVocabulary(head: Head): boolean {
  return head === 'masked-lm' || head === 'pretraining' || head === 'causal-lm';
}

/** Tokens of a micro-batch that the head projects to the vocabulary. */
export function projectedTokens(model: ModelShape, rows: number, sequenceLength: number): number {
  if (model.head === 'causal-lm') return rows * sequenceLength;
  const perRow = model.maskedTokensPerRow ?? Math.ceil(MASKED_SHARE * sequenceLength);
  return rows * Math.min(perRow, sequenceLength);
}
