import type { StageExecutor } from '../stage-executor.js';
import type { KernelDefinition } from './kernels/definition.js';

/** Where gpu.js computes. */
export const GPU_JS_MODES = ['webgpu', 'webasm', 'cpu'] as const;
export type GpuJsMode = (typeof GPU_JS_MODES)[number];

/** An array in the memory of a device: a GPU's buffer, a part of a WebAssembly memory, or a plain array. */
export interface DeviceArray {
  /** In numbers. */
  readonly length: number;
}

/** A kernel with its sizes. It has one place for its result: a call overwrites what the call before left there. */
export interface CompiledKernel {
  readonly definition: KernelDefinition;
}

/** Called after each kernel that ran, with the time it took; only then is the time taken. */
export type KernelObserver = (definition: KernelDefinition, elapsedNs: number) => void;

/** Cells of a kernel: x runs fastest. */
export type Cells = readonly [number] | readonly [number, number] | readonly [number, number, number];

/** What one stage needs of a mode of gpu.js. Nothing of it is shared between stages. */
export interface ComputeDevice {
  readonly mode: GpuJsMode;
  /** How often numbers crossed between the caller's memory and the device's so far, weights not counted. */
  readonly transfers: NonNullable<StageExecutor['transfers']>;
  /**
   * Weights, once. The parts come one after the other in the array.
   * @throws InputError with the numbers when the device cannot hold them
   */
  store(...parts: readonly Float32Array[]): DeviceArray;
  /** @throws InternalError when gpu.js would compute it in another mode */
  compile(definition: KernelDefinition, constants: Readonly<Record<string, number>>): CompiledKernel;
  /** One micro-batch's inputs; what was uploaded before is overwritten. */
  upload(values: Float32Array): DeviceArray;
  run(program: CompiledKernel, cells: Cells, values: readonly (DeviceArray | number)[]): Promise<DeviceArray>;
  /** The first numbers of an array, as memory of the caller's own. */
  read(array: DeviceArray, length: number): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export interface DeviceOptions {
  /** What will be stored, all together. */
  readonly weightBytes: number;
  readonly onKernel?: KernelObserver | undefined;
}

export function cellCount(cells: Cells): number {
  return cells.reduce((product, count) => product * count, 1);
}

/** Numbers in the result of a kernel. */
export function resultLength({ outputsPerCell = 1 }: KernelDefinition, cells: Cells): number {
  return cellCount(cells) * outputsPerCell;
}

export function lengthOf(parts: readonly Float32Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** Writes arrays one after the other, from `at` on. */
export function putAll(parts: readonly Float32Array[], into: Float32Array, at = 0): void {
  let next = at;
  for (const part of parts) {
    into.set(part, next);
    next += part.length;
  }
}
