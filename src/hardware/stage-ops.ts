import { embeddingParameters, projectedTokens, projectsToVocabulary } from './model-shape.js';
import {
  attentionBackward,
  attentionForward,
  feedForwardBackward,
  feedForwardForward,
  projectionBackward,
  type LayerCall,
} from './layer-ops.js';
import { toWeights, type OpCost, type OpCosts } from './op-cost.js';
import type { IpuStage } from './run-spec.js';

export interface StageCall extends LayerCall {
  readonly embeddingSerialization: number;
}

export interface StageOps {
  readonly forward: readonly OpCost[];
  readonly backward: readonly OpCost[];
}

/** The operations that one stage does with one micro-batch. */
export function stageOps(ops: OpCosts, stage: IpuStage, call: StageCall): StageOps {
  const attention = repeat(stage.attention, () => attentionForward(ops, call));
  const feedForward = repeat(stage.feedForward, () => feedForwardForward(ops, call));
  const forward = [
    ...(stage.embedding ? embeddingForward(ops, call) : []),
    ...attention,
    ...feedForward,
    ...(stage.head ? headForward(ops, call) : []),
  ];
  if (!call.training) return { forward, backward: [] };
  const backward = [
    ...(stage.head ? headBackward(ops, call) : []),
    ...repeat(stage.feedForward, () => feedForwardBackward(ops, call)),
    ...repeat(stage.attention, () => attentionBackward(ops, call)),
    ...(stage.embedding ? embeddingBackward(ops, call) : []),
  ];
  return { forward, backward };
}

function repeat(count: number, make: () => OpCost[]): OpCost[] {
  if (count === 0) return [];
  const one = make();
  return Array.from({ length: count }, () => one).flat();
}

const LOOKUP = 2;
const NORM = 6;
const ADD = 3;
const DROPOUT = 3;
const SOFTMAX = 8;
const GELU = 6;
const ACCUMULATE = 3;

/** A table in `embeddingSerialization` parts is looked up as often, with what is not in a part masked out. */
function embeddingForward(ops: OpCosts, call: StageCall): OpCost[] {
  const elements = call.rows * call.sequenceLength * call.model.hiddenSize;
  const parts = Math.max(1, call.embeddingSerialization);
  return [
    ...Array.from({ length: parts }, () => ops.exchange('word lookup', elements)),
    ...(parts > 1 ? [ops.elementwise('mask and sum of parts', elements, parts * LOOKUP)] : []),
    ops.exchange('position and segment lookup', 2 * elements),
    ops.elementwise('sum of embeddings', elements, ADD + 1),
    ops.elementwise('layer norm', elements, NORM),
    ...(call.training ? [ops.elementwise('dropout', elements, DROPOUT)] : []),
  ];
}

function embeddingBackward(ops: OpCosts, call: StageCall): OpCost[] {
  const elements = call.rows * call.sequenceLength * call.model.hiddenSize;
  return [
    ops.elementwise('layer norm and dropout', elements, 2 * NORM + DROPOUT),
    ...Array.from({ length: Math.max(1, call.embeddingSerialization) }, () =>
      toWeights(ops.exchange('scatter of gradients', elements)),
    ),
    toWeights(ops.elementwise('accumulate gradients', embeddingParameters(call.model), ACCUMULATE)),
  ];
}

function headForward(ops: OpCosts, call: StageCall): OpCost[] {
  const { model, rows, sequenceLength } = call;
  const { hiddenSize: h, vocabSize, head, labels = 2 } = model;
  const tokens = rows * sequenceLength;
  const pooler = (): OpCost[] => [
    ops.matmul('pooler', { groups: 1, rows, inner: h, columns: h }),
    ops.elementwise('tanh', rows * h, LOOKUP),
  ];
  const classifier = (count: number, outputs: number): OpCost =>
    ops.matmul('classifier', { groups: 1, rows: count, inner: h, columns: outputs });
  const vocabulary = (): OpCost[] => {
    const projected = projectedTokens(model, rows, sequenceLength);
    const gather = projected < tokens ? [ops.exchange('gather masked tokens', projected * h)] : [];
    return [
      ...gather,
      ops.matmul('vocabulary', { groups: 1, rows: projected, inner: h, columns: vocabSize }),
      ...(call.training ? [ops.elementwise('softmax and loss', projected * vocabSize, SOFTMAX)] : []),
    ];
  };
  const transform = (): OpCost[] => {
    const projected = projectedTokens(model, rows, sequenceLength);
    return [
      ops.matmul('transform', { groups: 1, rows: projected, inner: h, columns: h }),
      ops.elementwise('gelu and layer norm', projected * h, GELU + NORM),
    ];
  };
  const parts: Record<typeof head, () => OpCost[]> = {
    none: () => [],
    pooler,
    'question-answering': () => [classifier(tokens, 2)],
    'sequence-classification': () => [...pooler(), classifier(rows, labels)],
    'token-classification': () => [classifier(tokens, labels)],
    'multiple-choice': () => [...pooler(), classifier(rows, 1)],
    'next-sentence-prediction': () => [...pooler(), classifier(rows, 2)],
    'masked-lm': () => [...transform(), ...vocabulary()],
    pretraining: () => [...pooler(), classifier(rows, 2), ...transform(), ...vocabulary()],
    'causal-lm': vocabulary,
  };
  return parts[head]();
}

function headBackward(ops: OpCosts, call: StageCall): OpCost[] {
  const { model, rows, sequenceLength } = call;
  const { hiddenSize: h, vocabSize, head, labels = 2 } = model;
  const tokens = rows * sequenceLength;
  if (head === 'question-answering') return projectionBackward(ops, 'classifier', tokens, h, 2);
  if (head === 'token-classification') return projectionBackward(ops, 'classifier', tokens, h, labels);
  const pooled = [
    ...projectionBackward(ops, 'classifier', rows, h, labels),
    ...projectionBackward(ops, 'pooler', rows, h, h),
  ];
  if (!projectsToVocabulary(head)) return head === 'none' ? [] : pooled;
  const projected = projectedTokens(model, rows, sequenceLength);
  return [
    ops.elementwise('softmax', projected * vocabSize, ADD),
    ...projectionBackward(ops, 'vocabulary', projected, h, vocabSize),
    ...(head === 'causal-lm' ? [] : projectionBackward(ops, 'transform', projected, h, h)),
    ...(head === 'pretraining' ? pooled : []),
    toWeights(ops.elementwise('accumulate gradients', vocabSize * h, ACCUMULATE)),
  ];
}
