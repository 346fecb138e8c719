import { InputError, InternalError } from '../../../ipu-config/base/errors.js';
import type { GpuJsMode } from './device.js';
import type { KernelDefinition } from './kernels/definition.js';
import type {} from 'webgpu';

/**
 * The parts of gpu.js 2.24 that are used here. Its own types stop at kernels that are called like functions; the
 * WebAssembly kernel's parts are what its own pipelines are made of, and the reason for the exact version in
 * package.json.
 */
export interface GpuJsLibrary {
  readonly GPU: new (settings: { mode: GpuJsMode }) => GpuJs;
  readonly WebGPUContext: { acquire(): Promise<WebGpuContext>; destroy(): Promise<void> };
  readonly WebGPUBufferResult: new (
    settings: Pick<WebGpuHandle, 'buffer' | 'output' | 'context' | 'kernel'>,
  ) => WebGpuHandle;
  readonly WebAssemblyKernel: {
    readonly isSupported: boolean;
    readonly isSIMDSupported: boolean;
    dispatchSpans(
      run: RunCells,
      runSimd: RunCells | null,
      cells: number,
      sizeX: number,
      seed: number,
    ): string;
  };
}

export interface GpuJs {
  createKernel(source: unknown, settings: object): GpuJsKernel;
  destroy(): Promise<void>;
}

/** A kernel as gpu.js hands it out: a function with the kernel behind it. */
export interface GpuJsKernel {
  (...values: unknown[]): unknown;
  readonly kernel: KernelInternals;
  readonly fallbackReason?: string | null;
  setOutput(cells: number[]): GpuJsKernel;
  destroy(): void;
}

export type RunCells = (start: number, end: number, seed: number) => void;

/** Where a WebAssembly kernel finds its arguments and puts its result, in bytes. */
export interface MemoryLayout {
  readonly arrays: Record<string, { index: number; offset: number; dims: number[]; flatLength: number }>;
  readonly scalars: Record<string, { index: number; offset: number; type: string }>;
  readonly constantArrays: Record<string, never>;
  readonly outputOffset: number;
  readonly totalBytes: number;
}

/** A function as gpu.js's translation to WebAssembly holds it. */
export interface FunctionNode {
  readonly identifiers: readonly {
    readonly declaration?: {
      readonly suggestedType: string | null;
      readonly ast: { readonly init?: { readonly type: string } | null };
    } | null;
  }[];
  readonly literalTypes: Record<string, string>;
  astKey(ast: unknown): string;
}

export interface KernelInternals {
  readonly functionBuilder: { readonly functionMap: Readonly<Record<string, FunctionNode>> };
  readonly constructor: { readonly mode?: string };
  readonly usedMathImports: ReadonlySet<keyof Math>;
  readonly argumentNames: readonly string[];
  output: number[];
  threadDim: number[];
  setupConstants(): void;
  setupArguments(values: readonly unknown[]): void;
  validateSettings(values: readonly unknown[]): void;
  translateSource(): boolean;
  _assembleModule(
    layout: MemoryLayout,
    cells: number,
    shared: boolean,
  ): { bytes: Uint8Array<ArrayBuffer>; initial: number; maximum: number };
}

export interface WebGpuContext {
  readonly device: GPUDevice;
  /** gpu.js runs nothing on a device that is. */
  readonly isLost: boolean;
}

/** A GPU's buffer as a value that kernels take. */
export interface WebGpuHandle {
  readonly buffer: GPUBuffer;
  readonly context: WebGpuContext;
  readonly kernel: unknown;
  output: readonly number[];
  componentCount: number;
  delete(): void;
}

/** Imported late: it costs 60 ms and 20 MB that other executors do not need. */
export async function loadGpuJs(): Promise<GpuJsLibrary> {
  try {
    const module = (await import('gpu.js')) as unknown as { default: GpuJsLibrary };
    return module.default;
  } catch (error) {
    throw new InputError(
      `the gpu.js executor needs the package gpu.js, which cannot be loaded: ${(error as Error).message}. ` +
        'Install it with `npm install gpu.js@2.24.0`, or use another executor.',
      { cause: error },
    );
  }
}

/** gpu.js's settings of a kernel that are the same in every mode. */
export function kernelSettings(
  { arguments: types, source }: KernelDefinition,
  constants: Readonly<Record<string, number>>,
): { source: unknown; settings: object } {
  const settings = {
    constants: { ...constants },
    constantTypes: Object.fromEntries(Object.keys(constants).map((name) => [name, 'Integer'])),
    argumentTypes: [...types],
    precision: 'single',
    // Without it gpu.js leaves loops after 1000 steps, and says nothing.
    loopMaxIterations: 2 ** 31 - 1,
    dynamicOutput: true,
    dynamicArguments: true,
  };
  return { source, settings };
}

/** gpu.js computes in another mode what one cannot do, and goes on: here that is an error. */
export function checkMode({ name }: KernelDefinition, kernel: GpuJsKernel, mode: GpuJsMode): void {
  const actual = kernel.kernel.constructor.mode;
  if (actual === mode && !kernel.fallbackReason) return;
  throw new InternalError(
    `gpu.js would compute the kernel "${name}" in mode ${actual} instead of ${mode}: ${kernel.fallbackReason ?? 'no reason given'}`,
  );
}
