import { bertAttention, bertEmbedding, bertFeedForward, wordTable } from '../models/bert/bert-encoder.js';
import { BERT_HEADS } from '../models/bert/bert-heads.js';
import { MODEL_HEADS, type ModelHead } from '../models/model-config.js';
import { ProgramBuilder } from '../models/program-builder.js';
import { programTensors } from '../models/program.js';
import type { Step, Value } from '../models/steps.js';
import { elementsOf, type TensorSpec } from '../../ipu-config/base/tensor-spec.js';

/** What sits on the encoder or decoder: the heads of models, one in a spelling of its own, and two that none runs. */
export type Head = 'none' | Exclude<ModelHead, 'pre-training'> | 'pretraining' | 'causal-lm';
export const HEADS: readonly Head[] = [
  'none',
  ...MODEL_HEADS.map((head) => (head === 'pre-training' ? 'pretraining' : head)),
  'causal-lm',
];

/** The head of a model that is meant; undefined for those that no model has here. */
export function modelHead(head: Head): ModelHead | undefined {
  if (head === 'pretraining') return 'pre-training';
  return head === 'none' || head === 'causal-lm' ? undefined : head;
}

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

/** The parts of a model that stages hold; all layers are alike, and their halves are placed separately. */
export type ModelPart = 'embedding' | 'attention' | 'feedForward' | 'head';

export interface ModelParts {
  readonly steps: Readonly<Record<ModelPart, readonly Step[]>>;
  /** How many weights each has. */
  readonly parameters: Readonly<Record<ModelPart, number>>;
  /** The word table: a projection to the vocabulary is tied to it. */
  readonly table: TensorSpec;
  /** Of the head's weights, those that are the word table's: 0 where it does not project to the vocabulary. */
  readonly tiedParameters: number;
}

/** By the sizes that they depend on: a fit makes the same shapes again and again. */
const KNOWN = new Map<string, ModelParts>();

/** The program of a shape. Pre-norm layers, as decoders have them, do the same work in another order. */
export function partsOf(model: ModelShape): ModelParts {
  const { hiddenSize, attentionHeads, intermediateSize, vocabSize, maxPositions, head, labels } = model;
  const key = [hiddenSize, attentionHeads, intermediateSize, vocabSize, maxPositions, head, labels].join();
  const known = KNOWN.get(key) ?? makeParts(model);
  KNOWN.set(key, known);
  return known;
}

function makeParts(model: ModelShape): ModelParts {
  const { hiddenSize, head, labels = 2 } = model;
  const sizes = {
    ...{ hiddenSize, vocabSize: model.vocabSize, numLabels: labels, typeVocabSize: 2 },
    ...{ numAttentionHeads: model.attentionHeads, intermediateSize: model.intermediateSize },
    ...{ maxPositionEmbeddings: model.maxPositions, layerNormEps: 0, hiddenAct: 'gelu' as const },
  };
  const hidden: Value = { name: 'hidden_state', shape: ['batch', 'sequence', hiddenSize] };
  const table = wordTable(sizes);
  const part = (add: (steps: ProgramBuilder) => void): readonly Step[] => {
    const steps = new ProgramBuilder();
    add(steps);
    return steps.steps;
  };
  const steps = {
    embedding: part((to) => bertEmbedding(to, sizes)),
    attention: part((to) => bertAttention(to, sizes, 0, hidden)),
    feedForward: part((to) => bertFeedForward(to, sizes, 0, hidden)),
    head: part((to) => {
      const placed = modelHead(head);
      if (placed) BERT_HEADS[placed].add(to, sizes, hidden, { picked: true });
      if (head === 'causal-lm') to.linear('vocabulary', hidden, { weight: table });
    }),
  };
  const count = (of: readonly Step[]): number =>
    programTensors({ steps: of }).reduce((sum, { shape }) => sum + elementsOf(shape), 0);
  const parameters = {
    embedding: count(steps.embedding),
    attention: count(steps.attention),
    feedForward: count(steps.feedForward),
    head: count(steps.head),
  };
  const isTied = steps.head.some((step) => isProjection(step, table));
  return { steps, parameters, table, tiedParameters: isTied ? elementsOf(table.shape) : 0 };
}

/** Whether a step projects to the vocabulary. */
export function isProjection(step: Step, table: TensorSpec): boolean {
  return step.op === 'linear' && step.weight.name === table.name;
}

/** Share of tokens that BERT's pre-training masks (Devlin et al. 2018, section 3.1). */
const MASKED_SHARE = 0.15;

/** Tokens of a row that the head projects to the vocabulary. */
export function projectedTokens(model: ModelShape, sequenceLength: number): number {
  if (model.head === 'causal-lm') return sequenceLength;
  const perRow = model.maskedTokensPerRow ?? Math.ceil(MASKED_SHARE * sequenceLength);
  return Math.min(perRow, sequenceLength);
}
