import { sized, type Sizes } from '../models/program.js';
import {
  columnsOf,
  type Activation,
  type AttendStep,
  type EmbedStep,
  type LinearStep,
  type Step,
  type Value,
} from '../models/steps.js';
import { elementsOf } from '../../ipu-config/base/tensor-spec.js';
import { toWeights, type OpCost, type OpCosts } from './op-cost.js';

/** One micro-batch as it passes a step. */
export interface StepCall {
  readonly ops: OpCosts;
  readonly sizes: Sizes;
  /** Dropout works in training only. */
  readonly training: boolean;
  /** Heads are small but for their matmuls: biases, and functions on the way back, are counted in layers only. */
  readonly inHead: boolean;
  readonly embeddingSerialization: number;
}

/*
 * How often an elementwise operation touches each of its elements. A sum of two tensors reads two and writes one;
 * softmax finds the maximum, subtracts, exponentiates, sums and divides; LayerNorm takes mean, variance and scale.
 */
export const ADD = 3;
export const SOFTMAX = 8;
export const ACCUMULATE = 3;
const NORM = 6;
const GELU = 6;
const DROPOUT = 3;
/** Reads one and writes one. */
const LOOKUP = 2;
const ACTIVATIONS: Readonly<Record<Activation, number>> = {
  gelu: GELU,
  gelu_new: GELU,
  tanh: LOOKUP,
  relu: LOOKUP,
};

/** Operations of a step on one IPU. */
export function stepForward(call: StepCall, step: Step): OpCost[] {
  const { ops, training } = call;
  const elements = elementsIn(step.output, call);
  const dropout = training ? [ops.elementwise('dropout', elements, DROPOUT)] : [];
  switch (step.op) {
    case 'embed':
      return lookUp(call, step);
    case 'norm':
      // Layers have their norms at the end of each half; this one is in the embedding or a head.
      return [ops.elementwise('layer norm', elements, NORM), ...(call.inHead ? [] : dropout)];
    case 'attend':
      return attend(call, step);
    case 'linear':
      return [multiply(call, step, step.input, step.output), ...activate(call, step)];
    case 'addNorm':
      return [
        multiply(call, step, step.input, step.output),
        ops.elementwise('bias and residual', elements, ADD + 1),
        ...dropout,
        ops.elementwise('layer norm', elements, NORM),
      ];
    case 'first':
      return [];
    case 'gather':
      return elements === elementsIn(step.input, call) ? [] : [ops.exchange(step.name, elements)];
  }
}

/** Each forward matmul has two in backward, one for each operand; elementwise work is done again on gradients. */
export function stepBackward(call: StepCall, step: Step): OpCost[] {
  const { ops } = call;
  const elements = elementsIn(step.output, call);
  switch (step.op) {
    case 'embed':
      return Array.from({ length: Math.max(1, call.embeddingSerialization) }, () =>
        toWeights(ops.exchange('scatter of gradients', elements)),
      );
    case 'norm':
      return call.inHead ? [] : [ops.elementwise('layer norm and dropout', elements, 2 * NORM + DROPOUT)];
    case 'attend':
      return attendBackward(call, step);
    case 'linear':
      return [
        ...(call.inHead ? [] : [ops.elementwise('gelu', elements, ADD + GELU)]),
        ...multiplyBackward(call, step, step.input, columnsOf(step.output)),
      ];
    case 'addNorm':
      return [
        ops.elementwise('layer norm', elements, 2 * NORM),
        ops.elementwise('dropout and residual', elements, DROPOUT + ADD),
        ...multiplyBackward(call, step, step.input, columnsOf(step.output)),
      ];
    case 'first':
    case 'gather':
      return [];
  }
}

/** A table in `embeddingSerialization` parts is looked up as often, with what is not in a part masked out. */
function lookUp({ ops, embeddingSerialization, sizes }: StepCall, { tables, output }: EmbedStep): OpCost[] {
  const elements = elementsOf(sized(output.shape, sizes));
  const parts = Math.max(1, embeddingSerialization);
  return [
    ...Array.from({ length: parts }, () => ops.exchange('word lookup', elements)),
    ...(parts > 1 ? [ops.elementwise('mask and sum of parts', elements, parts * LOOKUP)] : []),
    ops.exchange('position and segment lookup', (tables.length - 1) * elements),
    ops.elementwise('sum of embeddings', elements, tables.length + 1),
  ];
}

function activate({ ops, sizes, inHead }: StepCall, { activation, output }: LinearStep): OpCost[] {
  const elements = elementsOf(sized(output.shape, sizes));
  if (activation === undefined) return [];
  const streams = ACTIVATIONS[activation];
  return [
    inHead
      ? ops.elementwise(activation, elements, streams)
      : ops.elementwise(`bias and ${activation}`, elements, ADD + streams),
  ];
}

function attend(call: StepCall, step: AttendStep): OpCost[] {
  const { ops, training } = call;
  const { tokens, hidden, groups, length, size } = attention(call, step);
  const scores = groups * length * length;
  return [
    ops.matmul('query, key, value', { groups: 1, rows: tokens, inner: hidden, columns: 3 * hidden }),
    ops.elementwise('bias', 3 * tokens * hidden, ADD),
    ops.exchange('split heads', 3 * tokens * hidden),
    ops.matmul('scores', { groups, rows: length, inner: size, columns: length }),
    ops.elementwise('mask and softmax', scores, SOFTMAX + ADD),
    ...(training ? [ops.elementwise('dropout', scores, DROPOUT)] : []),
    ops.matmul('context', { groups, rows: length, inner: length, columns: size }),
    ops.exchange('join heads', tokens * hidden),
  ];
}

function attendBackward(call: StepCall, step: AttendStep): OpCost[] {
  const { ops } = call;
  const { tokens, hidden, groups, length, size } = attention(call, step);
  return [
    ops.exchange('split heads', tokens * hidden),
    ops.matmul('context to probabilities', { groups, rows: length, inner: size, columns: length }),
    ops.matmul('context to values', { groups, rows: length, inner: length, columns: size }),
    ops.elementwise('dropout and softmax', groups * length * length, DROPOUT + SOFTMAX),
    ops.matmul('scores to queries', { groups, rows: length, inner: length, columns: size }),
    ops.matmul('scores to keys', { groups, rows: length, inner: length, columns: size }),
    ops.exchange('join heads', 3 * tokens * hidden),
    ...multiplyBackward(call, { name: 'query, key, value' }, step.input, 3 * hidden),
  ];
}

interface AttentionSizes {
  readonly tokens: number;
  readonly hidden: number;
  /** Products of queries and keys side by side: one for each row and head. */
  readonly groups: number;
  readonly length: number;
  readonly size: number;
}

function attention({ sizes }: StepCall, { input, heads }: AttendStep): AttentionSizes {
  const [rows, length, hidden] = sized(input.shape, sizes) as [number, number, number];
  return { tokens: rows * length, hidden, groups: rows * heads, length, size: hidden / heads };
}

function multiply({ ops, sizes }: StepCall, { name }: { name: string }, input: Value, output: Value): OpCost {
  const rows = elementsOf(sized(input.shape.slice(0, -1), sizes));
  return ops.matmul(name, { groups: 1, rows, inner: columnsOf(input), columns: columnsOf(output) });
}

/** Gradients of `[tokens, inputs] · [inputs, outputs]` towards its input and its weights, and of its bias. */
function multiplyBackward(
  { ops, sizes }: StepCall,
  { name }: { name: string },
  input: Value,
  outputs: number,
): OpCost[] {
  const tokens = elementsOf(sized(input.shape.slice(0, -1), sizes));
  const inputs = columnsOf(input);
  return [
    ops.matmul(`${name}, input`, { groups: 1, rows: tokens, inner: outputs, columns: inputs }),
    toWeights(ops.matmul(`${name}, weights`, { groups: 1, rows: inputs, inner: tokens, columns: outputs })),
    toWeights(ops.elementwise(`${name}, bias`, tokens * outputs, 1)),
  ];
}

function elementsIn({ shape }: Value, { sizes }: StepCall): number {
  return elementsOf(sized(shape, sizes));
}
