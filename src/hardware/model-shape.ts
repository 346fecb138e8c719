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

/** The steps of a model, by the parts that stages hold; all layers are alike. */
export interface ModelParts {
  readonly embedding: readonly Step[];
  readonly attention: readonly Step[];
  readonly feedForward: readonly Step[];
  readonly head: readonly Step[];
  /** The word table, which a projection to the vocabulary shares. */
  readonly table: TensorSpec;
}
export type ModelPart = Exclude<keyof ModelParts, 'table'>;

const PARTS = new WeakMap<ModelShape, ModelParts>();

/** The program of a shape. Pre-norm layers, as decoders have them, do the same work in another order. */
export function partsOf(model: ModelShape): ModelParts {
  const known = PARTS.get(model) ?? makeParts(model);
  PARTS.set(model, known);
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
  return {
    table,
    embedding: part((steps) => bertEmbedding(steps, sizes)),
    attention: part((steps) => bertAttention(steps, sizes, 0, hidden)),
    feedForward: part((steps) => bertFeedForward(steps, sizes, 0, hidden)),
    head: part((steps) => {
      const placed = modelHead(head);
      if (placed) BERT_HEADS[placed].add(steps, sizes, hidden, { picked: true });
      if (head === 'causal-lm') steps.linear('vocabulary', hidden, { weight: table });
    }),
  };
}

/** Weights of a part of a model, without those of the word table where a projection shares it. */
export function parametersOfPart(model: ModelShape, part: ModelPart, sharesTable = false): number {
  const { table, ...parts } = partsOf(model);
  return programTensors({ steps: parts[part] })
    .filter(({ name }) => !sharesTable || name !== table.name)
    .reduce((sum, { shape }) => sum + elementsOf(shape), 0);
}

/** The step that projects to the vocabulary, where the head has one. */
export function projectsToVocabulary({ table, head }: ModelParts): boolean {
  return head.some((step) => isProjection(step, table));
}

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
