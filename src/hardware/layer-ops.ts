import type { ModelShape } from './model-shape.js';
import { attentionParameters, feedForwardParameters } from './model-shape.js';
import { toWeights, type OpCost, type OpCosts } from './op-cost.js';

/** One micro-batch as it passes a layer. */
export interface LayerCall {
  readonly model: ModelShape;
  readonly rows: number;
  readonly sequenceLength: number;
  /** Dropout works in training only. */
  readonly training: boolean;
}

/*
 * How often an elementwise operation touches each of its elements. A sum of two tensors reads two and writes one;
 * softmax finds the maximum, subtracts, exponentiates, sums and divides; LayerNorm takes mean, variance and scale.
 */
const ADD = 3;
const SOFTMAX = 8;
const NORM = 6;
const GELU = 6;
const DROPOUT = 3;
const ACCUMULATE = 3;

/** Forward operations of an attention half: `[rows, sequence, hidden]` in and out. */
export function attentionForward(ops: OpCosts, call: LayerCall): OpCost[] {
  const { model, rows, sequenceLength: length, training } = call;
  const { hiddenSize: h, attentionHeads } = model;
  const tokens = rows * length;
  const groups = rows * attentionHeads;
  const size = h / attentionHeads;
  const scores = groups * length * length;
  return [
    ops.matmul('query, key, value', { groups: 1, rows: tokens, inner: h, columns: 3 * h }),
    ops.elementwise('bias', 3 * tokens * h, ADD),
    ops.exchange('split heads', 3 * tokens * h),
    ops.matmul('scores', { groups, rows: length, inner: size, columns: length }),
    ops.elementwise('mask and softmax', scores, SOFTMAX + ADD),
    ...(training ? [ops.elementwise('dropout', scores, DROPOUT)] : []),
    ops.matmul('context', { groups, rows: length, inner: length, columns: size }),
    ops.exchange('join heads', tokens * h),
    ops.matmul('attention output', { groups: 1, rows: tokens, inner: h, columns: h }),
    ...blockEnd(ops, tokens * h, training),
  ];
}

/** Forward operations of a feed-forward half. */
export function feedForwardForward(ops: OpCosts, call: LayerCall): OpCost[] {
  const { model, rows, sequenceLength, training } = call;
  const { hiddenSize: h, intermediateSize: i } = model;
  const tokens = rows * sequenceLength;
  return [
    ops.matmul('intermediate', { groups: 1, rows: tokens, inner: h, columns: i }),
    ops.elementwise('bias and gelu', tokens * i, ADD + GELU),
    ops.matmul('output', { groups: 1, rows: tokens, inner: i, columns: h }),
    ...blockEnd(ops, tokens * h, training),
  ];
}

/** Each forward matmul has two in backward, one for each operand; elementwise work is done again on gradients. */
export function attentionBackward(ops: OpCosts, call: LayerCall): OpCost[] {
  const { model, rows, sequenceLength: length } = call;
  const { hiddenSize: h, attentionHeads } = model;
  const tokens = rows * length;
  const groups = rows * attentionHeads;
  const size = h / attentionHeads;
  const scores = groups * length * length;
  return [
    ...blockEndBackward(ops, tokens * h),
    ...projectionBackward(ops, 'attention output', tokens, h, h),
    ops.exchange('split heads', tokens * h),
    ops.matmul('context to probabilities', { groups, rows: length, inner: size, columns: length }),
    ops.matmul('context to values', { groups, rows: length, inner: length, columns: size }),
    ops.elementwise('dropout and softmax', scores, DROPOUT + SOFTMAX),
    ops.matmul('scores to queries', { groups, rows: length, inner: length, columns: size }),
    ops.matmul('scores to keys', { groups, rows: length, inner: length, columns: size }),
    ops.exchange('join heads', 3 * tokens * h),
    ...projectionBackward(ops, 'query, key, value', tokens, h, 3 * h),
    toWeights(ops.elementwise('accumulate gradients', attentionParameters(model), ACCUMULATE)),
  ];
}

export function feedForwardBackward(ops: OpCosts, call: LayerCall): OpCost[] {
  const { model, rows, sequenceLength } = call;
  const { hiddenSize: h, intermediateSize: i } = model;
  const tokens = rows * sequenceLength;
  return [
    ...blockEndBackward(ops, tokens * h),
    ...projectionBackward(ops, 'output', tokens, i, h),
    ops.elementwise('gelu', tokens * i, ADD + GELU),
    ...projectionBackward(ops, 'intermediate', tokens, h, i),
    toWeights(ops.elementwise('accumulate gradients', feedForwardParameters(model), ACCUMULATE)),
  ];
}

/** Gradients of `[tokens, inputs] · [inputs, outputs]` towards its input and its weights, and of its bias. */
export function projectionBackward(
  ops: OpCosts,
  name: string,
  tokens: number,
  inputs: number,
  outputs: number,
): OpCost[] {
  return [
    ops.matmul(`${name}, input`, { groups: 1, rows: tokens, inner: outputs, columns: inputs }),
    toWeights(ops.matmul(`${name}, weights`, { groups: 1, rows: inputs, inner: tokens, columns: outputs })),
    toWeights(ops.elementwise(`${name}, bias`, tokens * outputs, 1)),
  ];
}

function blockEnd(ops: OpCosts, elements: number, training: boolean): OpCost[] {
  return [
    ops.elementwise('bias and residual', elements, ADD + 1),
    ...(training ? [ops.elementwise('dropout', elements, DROPOUT)] : []),
    ops.elementwise('layer norm', elements, NORM),
  ];
}

function blockEndBackward(ops: OpCosts, elements: number): OpCost[] {
  return [
    ops.elementwise('layer norm', elements, 2 * NORM),
    ops.elementwise('dropout and residual', elements, DROPOUT + ADD),
  ];
}
