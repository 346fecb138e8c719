import type { Cells, GpuJsMode } from './device.js';
import type { KernelDefinition } from './kernels/definition.js';
import { matmulByFours, matmulInBlocks, matmulSideBySide } from './kernels/matmul.js';

/** A kernel of kernels/matmul.ts, and what it needs around it. */
export interface MatmulForm {
  readonly definition: KernelDefinition;
  /** How many outputs lie side by side in the weights (weight-panels.ts). */
  readonly panelWidth: (outputs: number) => number;
  readonly cells: (outputs: number, rows: number) => Cells;
}

const four = (): number => 4;
const allOutputs = (outputs: number): number => outputs;
const byQuads = (outputs: number, rows: number): Cells => [outputs, Math.ceil(rows / 4)];
const inOneRow = (outputs: number, rows: number): Cells => [outputs * Math.ceil(rows / 4)];

/** What each mode multiplies matrices with, chosen by `bench/gpu-js-matmul.ts` (docs/gpu-js.md). */
export const MATMULS: Record<GpuJsMode, MatmulForm> = {
  webgpu: { definition: matmulSideBySide, panelWidth: allOutputs, cells: inOneRow },
  webasm: { definition: matmulInBlocks, panelWidth: four, cells: byQuads },
  cpu: { definition: matmulByFours, panelWidth: four, cells: byQuads },
};
