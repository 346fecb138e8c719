import { bytesOf, type TensorDtype } from '../../ipu-config/base/dtypes.js';
import { elementsOf, type TensorSpec } from '../../ipu-config/base/tensor-spec.js';
import { parametersOf, type Dimension, type Step } from './steps.js';

/** A tensor that a program takes. */
export interface ProgramInput {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly Dimension[];
  /** Whole numbers must lie in 0 … below − 1. */
  readonly below?: Dimension;
}

/** A tensor that a program gives. */
export interface ProgramOutput {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly Dimension[];
  /** The value of a step, or an input that is handed on as it is. */
  readonly of: string;
  /** Only this number of each row. */
  readonly column?: number;
}

/**
 * What one stage computes: plain data, that can be posted to a worker. Dimensions that are names get their size from
 * the shapes of the inputs of each micro-batch.
 */
export interface Program {
  /** What the first is `[batch, sequence]` of, the others must fit. */
  readonly inputs: readonly ProgramInput[];
  readonly steps: readonly Step[];
  readonly outputs: readonly ProgramOutput[];
  /** Most tokens of a row: the model has no positions for more. */
  readonly longestSequence: number;
}

/** The size of each dimension that has a name. */
export type Sizes = Readonly<Record<string, number>>;

export function sizeOf(dimension: Dimension, sizes: Sizes): number {
  return typeof dimension === 'number' ? dimension : sizes[dimension]!;
}

export function sized(shape: readonly Dimension[], sizes: Sizes): number[] {
  return shape.map((dimension) => sizeOf(dimension, sizes));
}

/** Every parameter that a program reads, in the order of computation, each once. */
export function programTensors({ steps }: Pick<Program, 'steps'>): readonly TensorSpec[] {
  const specs = steps.flatMap(parametersOf);
  return [...new Map(specs.map((spec) => [spec.name, spec])).values()];
}

/** Bytes of a program's weights, as numbers of `dtype`. */
export function weightBytes(program: Pick<Program, 'steps'>, dtype: TensorDtype = 'float32'): number {
  return programTensors(program).reduce((sum, { shape }) => sum + bytesOf(dtype, elementsOf(shape)), 0);
}

/** Bytes of the tensors that a program takes or gives, for a micro-batch of such sizes. */
export function tensorBytes(tensors: readonly (ProgramInput | ProgramOutput)[], sizes: Sizes): number {
  return tensors.reduce((sum, { dtype, shape }) => sum + bytesOf(dtype, elementsOf(sized(shape, sizes))), 0);
}
