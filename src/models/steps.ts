import type { TensorSpec } from '../../ipu-config/base/tensor-spec.js';

/** A size: a number that the model fixes, or the name of one that each micro-batch brings (`batch`, `sequence`). */
export type Dimension = number | string;

/** What a step gives: float32, rows of as many numbers as the last dimension says. */
export interface Value {
  readonly name: string;
  readonly shape: readonly Dimension[];
}

/** `gelu` is the exact one (erf), `gelu_new` the tanh approximation. */
export type Activation = 'gelu' | 'gelu_new' | 'relu' | 'tanh';

/** x · Wᵀ + b: weight `[out, in]`, bias `[out]`. */
export interface LinearParameters {
  readonly weight: TensorSpec;
  readonly bias?: TensorSpec;
}

/** LayerNorm over a row: to mean 0 and variance 1, then scaled and shifted. */
export interface NormParameters {
  readonly weight: TensorSpec;
  readonly bias: TensorSpec;
  readonly epsilon: number;
}

/** Which row of a table each token `[batch, sequence]` takes. */
export type TableRows =
  /** The row that an int32 input names. */
  | { readonly by: 'ids'; readonly input: string }
  /** Its place in the sequence: 0, 1, 2, … */
  | { readonly by: 'place' }
  /**
   * Its place among those ids of the row that are not `padding`, counted from `padding + 1`; for `padding` itself the
   * row `padding`. So does RoBERTa: only the ids matter, never the mask.
   */
  | { readonly by: 'count'; readonly input: string; readonly padding: number }
  /** One row for all. */
  | { readonly by: 'row'; readonly row: number };

export interface Lookup {
  readonly table: TensorSpec;
  readonly rows: TableRows;
}

interface CommonStep {
  /** What it is in the model, for people; layers use the same names. */
  readonly name: string;
  readonly output: Value;
  /** The model may be cut here: whatever the cut, the value is float32 from here on. */
  readonly boundary?: true;
}

/** The sum of a row from each table, in their order: `[batch, sequence, hidden]`. */
export interface EmbedStep extends CommonStep {
  readonly op: 'embed';
  readonly tables: readonly Lookup[];
}

/** activation(x · Wᵀ + b). */
export interface LinearStep extends CommonStep, LinearParameters {
  readonly op: 'linear';
  readonly input: Value;
  readonly activation?: Activation;
}

/** LayerNorm(x). */
export interface NormStep extends CommonStep, NormParameters {
  readonly op: 'norm';
  readonly input: Value;
}

/**
 * Self-attention from the hidden state to the heads side by side, before their projection: softmax(q · kᵀ / √size) · v.
 * Positions whose `mask` (an int32 input `[batch, sequence]`) is 0 get no weight; a row without any real position
 * attends to all of them alike.
 */
export interface AttendStep extends CommonStep {
  readonly op: 'attend';
  readonly input: Value;
  readonly mask: string;
  readonly heads: number;
  readonly query: LinearParameters;
  readonly key: LinearParameters;
  readonly value: LinearParameters;
}

/** LayerNorm(x · Wᵀ + b + residual): the end of each half of a layer. */
export interface AddNormStep extends CommonStep, LinearParameters {
  readonly op: 'addNorm';
  readonly input: Value;
  readonly residual: Value;
  readonly norm: NormParameters;
}

/** The first position of each row: `[batch, sequence, hidden]` to `[batch, hidden]`. */
export interface FirstStep extends CommonStep {
  readonly op: 'first';
  readonly input: Value;
}

/** The positions of each row that an int32 input `[batch, picked]` names: to `[batch, picked, hidden]`. */
export interface GatherStep extends CommonStep {
  readonly op: 'gather';
  readonly input: Value;
  readonly positions: string;
}

/** What models are made of. Executors lower these and know no model; costs on an IPU are derived from them. */
export type Step = EmbedStep | LinearStep | NormStep | AttendStep | AddNormStep | FirstStep | GatherStep;

/** The parameters that a step reads, in the order in which it needs them. */
export function parametersOf(step: Step): readonly TensorSpec[] {
  switch (step.op) {
    case 'embed':
      return step.tables.map(({ table }) => table);
    case 'linear':
      return linearTensors(step);
    case 'norm':
      return [step.weight, step.bias];
    case 'attend':
      return [step.query, step.key, step.value].flatMap(linearTensors);
    case 'addNorm':
      return [...linearTensors(step), step.norm.weight, step.norm.bias];
    case 'first':
    case 'gather':
      return [];
  }
}

/** The values that a step reads. */
export function inputsOf(step: Step): readonly Value[] {
  if (step.op === 'embed') return [];
  return step.op === 'addNorm' ? [step.input, step.residual] : [step.input];
}

/** Numbers in a row of a value. */
export function columnsOf({ shape }: Value): number {
  return shape.at(-1) as number;
}

function linearTensors({ weight, bias }: LinearParameters): readonly TensorSpec[] {
  return bias ? [weight, bias] : [weight];
}
