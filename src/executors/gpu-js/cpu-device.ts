import type { KernelDefinition } from './kernels/definition.js';
import {
  lengthOf,
  putAll,
  resultLength,
  type Cells,
  type ComputeDevice,
  type DeviceArray,
  type DeviceOptions,
  type KernelObserver,
  type CompiledKernel,
} from './device.js';
import { checkMode, kernelSettings, loadGpuJs, type GpuJs, type GpuJsKernel } from './gpu-js-library.js';

interface CpuArray extends DeviceArray {
  readonly data: Float32Array;
}

interface CpuProgram extends CompiledKernel {
  readonly kernel: GpuJsKernel;
  result: Float32Array;
}

type Nested = Float32Array | readonly Nested[];

/** gpu.js's plain JavaScript: the last resort, which runs everywhere. */
class CpuDevice implements ComputeDevice {
  readonly mode = 'cpu';
  readonly transfers = { uploads: 0, readbacks: 0 };
  readonly #gpu: GpuJs;
  readonly #onKernel: KernelObserver | undefined;

  constructor(gpu: GpuJs, onKernel: KernelObserver | undefined) {
    this.#gpu = gpu;
    this.#onKernel = onKernel;
  }

  store(...parts: readonly Float32Array[]): CpuArray {
    if (parts.length === 1) return own(parts[0]!);
    const whole = new Float32Array(lengthOf(parts));
    putAll(parts, whole);
    return own(whole);
  }

  compile(definition: KernelDefinition, constants: Readonly<Record<string, number>>): CpuProgram {
    const { source, settings } = kernelSettings(definition, constants);
    const kernel = this.#gpu.createKernel(source, settings);
    checkMode(definition, kernel, 'cpu');
    return { definition, kernel, result: new Float32Array(0) };
  }

  upload(values: Float32Array): CpuArray {
    this.transfers.uploads++;
    return own(values);
  }

  run(given: CompiledKernel, cells: Cells, values: readonly (DeviceArray | number)[]): Promise<CpuArray> {
    const program = given as CpuProgram;
    const { definition, kernel } = program;
    const startNs = this.#onKernel ? process.hrtime.bigint() : 0n;
    const taken = values.map((value) => (typeof value === 'number' ? value : (value as CpuArray).data));
    const nested = kernel.setOutput([...cells])(...taken) as Nested;
    checkMode(definition, kernel, 'cpu');
    const length = resultLength(definition, cells);
    if (program.result.length < length) program.result = new Float32Array(length);
    flatten(nested, program.result, 0);
    this.#onKernel?.(definition, Number(process.hrtime.bigint() - startNs));
    return Promise.resolve({ length, data: program.result });
  }

  read(array: DeviceArray, length: number): Promise<Float32Array> {
    this.transfers.readbacks++;
    return Promise.resolve((array as CpuArray).data.slice(0, length));
  }

  async dispose(): Promise<void> {
    await this.#gpu.destroy();
  }
}

export async function openCpuDevice({ onKernel }: DeviceOptions): Promise<ComputeDevice> {
  const { GPU } = await loadGpuJs();
  return new CpuDevice(new GPU({ mode: 'cpu' }), onKernel);
}

function own(data: Float32Array): CpuArray {
  return { length: data.length, data };
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
