import type { GpuJsMode, KernelDefinition, KernelThread } from 'ipu-pipeline/executors';

/** A way to write x · Wᵀ + bias as a kernel. */
export interface Candidate {
  readonly name: string;
  readonly kernel: KernelDefinition;
  /** How W `[outputs, inputs]` must lie. */
  readonly weights: 'as stored' | 'transposed' | 'panels';
  /** Where the result of a row and a column is: `quads` as src/executors/gpu-js/kernels/matmul.ts describes. */
  readonly result: 'rows' | 'quads' | 'column quads' | 'blocks';
  /** All cells in one row: on webgpu 64 neighbours, not 8 × 8, are a workgroup. */
  readonly flat?: true;
  /** Modes in which stages compute with it. */
  readonly takenBy?: readonly GpuJsMode[];
}

const ARGUMENTS = ['Array', 'Array', 'Array'] as const;
type Source = (this: KernelThread, x: number[], weight: number[], bias: number[]) => unknown;

export function kernel(outputsPerCell: 1 | 4, source: Source): KernelDefinition {
  const untyped = source as KernelDefinition['source'];
  return { name: 'candidate', family: 'matmul', arguments: ARGUMENTS, outputsPerCell, source: untyped };
}
