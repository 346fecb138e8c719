import { partsOf, projectedTokens, type ModelShape } from './model-shape.js';

/** A micro-batch `[rows, sequenceLength]` of a model. */
export interface BatchShape {
  readonly model: ModelShape;
  readonly rows: number;
  readonly sequenceLength: number;
}

/** Elements of what one stage hands to the next: `[rows, sequence, hidden]`. */
export function boundaryElements({ model, rows, sequenceLength }: BatchShape): number {
  return rows * sequenceLength * model.hiddenSize;
}

/**
 * What the backward pass of an attention half reads again: query, key, value, probabilities, context and the sum
 * that goes into LayerNorm. Dropout is done again from its seed.
 */
export function attentionActivations(batch: BatchShape): number {
  const { model, rows, sequenceLength: length } = batch;
  return 5 * boundaryElements(batch) + rows * model.attentionHeads * length * length;
}

/** The same of a feed-forward half: before and after the activation function, and the sums around LayerNorm. */
export function feedForwardActivations(batch: BatchShape): number {
  const { model, rows, sequenceLength } = batch;
  return 2 * boundaryElements(batch) + 2 * rows * sequenceLength * model.intermediateSize;
}

/** Logits and their softmax, where the head projects to the vocabulary. */
export function headActivations({ model, rows, sequenceLength }: BatchShape): number {
  if (partsOf(model).tiedParameters === 0) return rows * sequenceLength * 4;
  return 2 * rows * projectedTokens(model, sequenceLength) * model.vocabSize;
}

/** The most that is alive at once in a forward pass that keeps nothing. */
export function forwardPeak(batch: BatchShape, hasHead: boolean): number {
  const { model, rows, sequenceLength: length } = batch;
  const boundary = boundaryElements(batch);
  const attention = 4 * boundary + rows * model.attentionHeads * length * length;
  const feedForward = boundary + 2 * rows * length * model.intermediateSize;
  return Math.max(attention, feedForward, hasHead ? headActivations(batch) + boundary : 0);
}
