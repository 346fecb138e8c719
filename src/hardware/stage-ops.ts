import { isProjection, partsOf, projectedTokens, type ModelPart, type ModelShape } from './model-shape.js';
import { toWeights, type OpCost, type OpCosts } from './op-cost.js';
import type { IpuStage } from './run-spec.js';
import { ACCUMULATE, ADD, SOFTMAX, stepBackward, stepForward, type StepCall } from './step-ops.js';

/** One micro-batch as it passes a stage. */
export interface StageCall {
  readonly model: ModelShape;
  readonly rows: number;
  readonly sequenceLength: number;
  readonly training: boolean;
  readonly embeddingSerialization: number;
}

export interface StageOps {
  readonly forward: readonly OpCost[];
  readonly backward: readonly OpCost[];
}

/** Parts of a model, and how many of each. */
type Held = readonly (readonly [ModelPart, number])[];

/** The operations that one stage does with one micro-batch. */
export function stageOps(ops: OpCosts, stage: IpuStage, call: StageCall): StageOps {
  const held: Held = [
    ['embedding', Number(stage.embedding)],
    ['attention', stage.attention],
    ['feedForward', stage.feedForward],
    ['head', Number(stage.head)],
  ];
  return {
    forward: opsOf(held, (part) => partForward(ops, part, call)),
    backward: call.training ? opsOf(held.toReversed(), (part) => partBackward(ops, part, call)) : [],
  };
}

/** Operations of parts one after another; those of a part are worked out once, however often it is there. */
function opsOf(held: Held, make: (part: ModelPart) => readonly OpCost[]): OpCost[] {
  const ops: OpCost[] = [];
  for (const [part, count] of held) {
    const one = count === 0 ? [] : make(part);
    for (let k = 0; k < count; k++) ops.push(...one);
  }
  return ops;
}

function partForward(ops: OpCosts, part: ModelPart, call: StageCall): OpCost[] {
  const { steps, table } = partsOf(call.model);
  const stepCall = callOfSteps(ops, part, call);
  return steps[part].flatMap((step) => [
    ...stepForward(stepCall, step),
    ...(call.training && isProjection(step, table)
      ? [ops.elementwise('softmax and loss', logits(call), SOFTMAX)]
      : []),
  ]);
}

function partBackward(ops: OpCosts, part: ModelPart, call: StageCall): OpCost[] {
  const { steps, parameters, table, tiedParameters } = partsOf(call.model);
  const stepCall = callOfSteps(ops, part, call);
  const backward = steps[part]
    .toReversed()
    .flatMap((step) => [
      ...(isProjection(step, table) ? [ops.elementwise('softmax', logits(call), ADD)] : []),
      ...stepBackward(stepCall, step),
    ]);
  // Of a head, only the table is large.
  const accumulated = part === 'head' ? tiedParameters : parameters[part];
  if (accumulated === 0) return backward;
  return [...backward, toWeights(ops.elementwise('accumulate gradients', accumulated, ACCUMULATE))];
}

function callOfSteps(ops: OpCosts, part: ModelPart, call: StageCall): StepCall {
  const { model, rows, sequenceLength, training, embeddingSerialization } = call;
  const sizes = { batch: rows, sequence: sequenceLength, picked: projectedTokens(model, sequenceLength) };
  return { ops, sizes, training, inHead: part === 'head', embeddingSerialization };
}

/** Numbers that a projection to the vocabulary gives. */
function logits({ model, rows, sequenceLength }: StageCall): number {
  return rows * projectedTokens(model, sequenceLength) * model.vocabSize;
}
