import type { KernelDefinition } from './kernels/definition.js';
import {
  cellCount,
  type Cells,
  type ComputeDevice,
  type DeviceArray,
  type DeviceOptions,
  type KernelObserver,
  type Program,
  type Transfers,
} from './device.js';
import { checkMode, kernelSettings, loadGpuJs, type GpuJs, type GpuJsKernel } from './gpu-js-library.js';

interface CpuArray extends DeviceArray {
  readonly data: Float32Array;
}

class CpuProgram implements Program {
  readonly definition: KernelDefinition;
  readonly kernel: GpuJsKernel;
  result = new Float32Array(0);

  constructor(definition: KernelDefinition, kernel: GpuJsKernel) {
    this.definition = definition;
    this.kernel = kernel;
  }
}

type Nested = Float32Array | readonly Nested[];

/** gpu.js's plain JavaScript: the last resort, which runs everywhere. */
export class CpuDevice implements ComputeDevice {
  readonly mode = 'cpu';
  readonly transfers: Transfers = { uploads: 0, readbacks: 0 };
  readonly #gpu: GpuJs;
  readonly #onKernel: KernelObserver | undefined;

  /** Use `CpuDevice.open`. */
  constructor(gpu: GpuJs, onKernel: KernelObserver | undefined) {
    this.#gpu = gpu;
    this.#onKernel = onKernel;
  }

  static async open({ onKernel }: DeviceOptions): Promise<CpuDevice> {
    const { GPU } = await loadGpuJs();
    return new CpuDevice(new GPU({ mode: 'cpu' }), onKernel);
  }

  store(...parts: readonly Float32Array[]): CpuArray {
    const [only] = parts;
    return parts.length === 1 ? own(only!) : own(concatenated(parts));
  }

  compile(definition: KernelDefinition, constants: Readonly<Record<string, number>>): CpuProgram {
    const { source, settings } = kernelSettings(definition, constants);
    const kernel = this.#gpu.createKernel(source, settings);
    checkMode(definition, kernel, 'cpu');
    return new CpuProgram(definition, kernel);
  }

  upload(values: Float32Array): CpuArray {
    this.transfers.uploads++;
    return own(values);
  }

  run(program: Program, cells: Cells, values: readonly (DeviceArray | number)[]): Promise<CpuArray> {
    const { definition, kernel, result } = program as CpuProgram;
    const startNs = this.#onKernel ? process.hrtime.bigint() : 0n;
    const given = values.map((value) => (typeof value === 'number' ? value : (value as CpuArray).data));
    const nested = kernel.setOutput([...cells])(...given) as Nested;
    checkMode(definition, kernel, 'cpu');
    const length = cellCount(cells) * definition.outputsPerCell;
    const flat = result.length >= length ? result : new Float32Array(length);
    (program as CpuProgram).result = flat;
    flatten(nested, flat, 0);
    this.#onKernel?.(definition, Number(process.hrtime.bigint() - startNs));
    return Promise.resolve({ length, data: flat });
  }

  read(array: DeviceArray, length: number): Promise<Float32Array> {
    this.transfers.readbacks++;
    return Promise.resolve((array as CpuArray).data.slice(0, length));
  }

  async dispose(): Promise<void> {
    await this.#gpu.destroy();
  }
}

function own(data: Float32Array): CpuArray {
  return { length: data.length, data };
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** gpu.js gives rows of rows; kernels take them flat. @returns where the next number goes. */
function flatten(nested: Nested, into: Float32Array, at: number): number {
  if (nested instanceof Float32Array) {
    into.set(nested, at);
    return at + nested.length;
  }
  let next = at;
  for (const part of nested) next = flatten(part, into, next);
  return next;
}
