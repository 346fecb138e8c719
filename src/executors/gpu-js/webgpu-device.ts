import { InputError } from '../../../ipu-config/base/errors.js';
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
import {
  checkMode,
  kernelSettings,
  loadGpuJs,
  type GpuJs,
  type GpuJsKernel,
  type GpuJsLibrary,
  type WebGpuContext,
  type WebGpuHandle,
} from './gpu-js-library.js';
import type { KernelDefinition } from './kernels/definition.js';
import { provideWebGpu } from './dawn.js';
import { GpuFaults } from './gpu-faults.js';
import { noAdapterError } from './no-adapter.js';

/** Numbers that WebGPU's specification fixes (GPUBufferUsage, GPUMapMode): globals of these names are not on Node. */
const USAGE = { mapRead: 0x1, copySource: 0x4, copyDestination: 0x8, storage: 0x80 } as const;
const MAP_MODE_READ = 0x1;

interface GpuArray extends DeviceArray {
  readonly handle: WebGpuHandle;
}

interface GpuProgram extends CompiledKernel {
  readonly kernel: GpuJsKernel;
}

/** Stages of one thread share gpu.js's device, which is that thread's; it goes with the last of them. */
let openDevices = 0;

/** gpu.js's WGSL kernels on Dawn's adapter. */
class WebgpuDevice implements ComputeDevice {
  readonly mode = 'webgpu';
  readonly transfers = { uploads: 0, readbacks: 0 };
  readonly #library: GpuJsLibrary;
  readonly #gpu: GpuJs;
  readonly #context: WebGpuContext;
  readonly #faults: GpuFaults;
  readonly #onKernel: KernelObserver | undefined;
  readonly #stored: GPUBuffer[] = [];
  /** Handles of this micro-batch: gpu.js counts them, and frees a buffer only when none is left. */
  #handles: WebGpuHandle[] = [];
  #input: GPUBuffer | undefined;
  #staging: GPUBuffer | undefined;

  constructor(library: GpuJsLibrary, context: WebGpuContext, onKernel: KernelObserver | undefined) {
    this.#library = library;
    this.#gpu = new library.GPU({ mode: 'webgpu' });
    this.#context = context;
    this.#faults = GpuFaults.of(context);
    this.#onKernel = onKernel;
    openDevices++;
  }

  store(...parts: readonly Float32Array[]): GpuArray {
    const length = lengthOf(parts);
    const buffer = this.#buffer(4 * length, USAGE.storage, 'a weight', true);
    putAll(parts, new Float32Array(buffer.getMappedRange()));
    buffer.unmap();
    this.#stored.push(buffer);
    return { length, handle: this.#handle(buffer, length) };
  }

  compile(definition: KernelDefinition, constants: Readonly<Record<string, number>>): GpuProgram {
    const { source, settings } = kernelSettings(definition, constants);
    const kernel = this.#gpu.createKernel(source, { ...settings, pipeline: true });
    checkMode(definition, kernel, 'webgpu');
    return { definition, kernel };
  }

  upload(values: Float32Array): GpuArray {
    this.transfers.uploads++;
    if (!this.#input || this.#input.size < values.byteLength) {
      this.#input?.destroy();
      this.#input = this.#buffer(
        values.byteLength,
        USAGE.storage | USAGE.copyDestination | USAGE.copySource,
        'a micro-batch',
      );
    }
    this.#context.device.queue.writeBuffer(this.#input, 0, values);
    return { length: values.length, handle: this.#handle(this.#input, values.length) };
  }

  async run(
    given: CompiledKernel,
    cells: Cells,
    values: readonly (DeviceArray | number)[],
  ): Promise<GpuArray> {
    const { definition, kernel } = given as GpuProgram;
    const length = resultLength(definition, cells);
    this.#checkSize(4 * length, `the result of the kernel "${definition.name}"`);
    const startNs = this.#onKernel ? process.hrtime.bigint() : 0n;
    const taken = values.map((value) => (typeof value === 'number' ? value : (value as GpuArray).handle));
    const what = `the result of the kernel "${definition.name}" of ${4 * length} bytes`;
    const handle = await this.#checked(what, () => launch(kernel, cells, taken), kernel);
    checkMode(definition, kernel, 'webgpu');
    // Four numbers to a cell or one: to the kernel that takes them they are one flat array.
    handle.output = [length];
    handle.componentCount = 1;
    this.#handles.push(handle);
    if (this.#onKernel) {
      await this.#checked(what, () => this.#context.device.queue.onSubmittedWorkDone());
      this.#onKernel(definition, Number(process.hrtime.bigint() - startNs));
    }
    return { length, handle };
  }

  async read(array: DeviceArray, length: number): Promise<Float32Array> {
    this.transfers.readbacks++;
    const { device } = this.#context;
    const bytes = 4 * length;
    if (!this.#staging || this.#staging.size < bytes) {
      this.#staging?.destroy();
      this.#staging = this.#buffer(bytes, USAGE.mapRead | USAGE.copyDestination, 'a result');
    }
    const staging = this.#staging;
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer((array as GpuArray).handle.buffer, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await this.#checked(`a result of ${bytes} bytes`, () => staging.mapAsync(MAP_MODE_READ, 0, bytes));
    const values = new Float32Array(staging.getMappedRange(0, bytes).slice(0));
    staging.unmap();
    for (const handle of this.#handles) handle.delete();
    this.#handles = [];
    return values;
  }

  async dispose(): Promise<void> {
    for (const handle of this.#handles) handle.delete();
    await this.#gpu.destroy();
    for (const buffer of [...this.#stored, this.#input, this.#staging]) buffer?.destroy();
    openDevices--;
    if (openDevices === 0) await this.#library.WebGPUContext.destroy();
  }

  #handle(buffer: GPUBuffer, length: number): WebGpuHandle {
    return new this.#library.WebGPUBufferResult({
      buffer,
      output: [length],
      context: this.#context,
      kernel: null,
    });
  }

  #buffer(bytes: number, usage: number, what: string, mappedAtCreation = false): GPUBuffer {
    this.#checkSize(bytes, what);
    const buffer = this.#context.device.createBuffer({ size: Math.max(4, bytes), usage, mappedAtCreation });
    this.#faults.check(`${what} of ${bytes} bytes`);
    return buffer;
  }

  /**
   * What WebGPU reports aside, and what it throws, as an error of ours. A kernel that failed is built anew when it is
   * next used: the buffer of its result may be one that could not be had.
   */
  async #checked<T>(what: string, action: () => Promise<T>, kernel?: GpuJsKernel): Promise<T> {
    try {
      const result = await action().catch((error: unknown) => {
        this.#faults.check(what, error);
        throw error;
      });
      this.#faults.check(what);
      return result;
    } catch (error) {
      kernel?.destroy();
      throw error;
    }
  }

  #checkSize(bytes: number, what: string): void {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#context.device.limits;
    const most = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    if (bytes <= most) return;
    throw new InputError(
      `gpu.js:webgpu: ${what} takes ${bytes} bytes, and a buffer of this adapter holds ${most}: use smaller ` +
        'micro-batches or a shorter sequence length, or another executor.',
    );
  }
}

/** @throws InputError that says why there is no adapter and what to install */
export async function openWebgpuDevice({ onKernel }: DeviceOptions): Promise<ComputeDevice> {
  await provideWebGpu();
  const library = await loadGpuJs();
  const context = await library.WebGPUContext.acquire().catch((error: unknown) => {
    throw noAdapterError(error);
  });
  return new WebgpuDevice(library, context, onKernel);
}

/** An async function, so that what gpu.js throws at once is also a promise that fails. */
async function launch(kernel: GpuJsKernel, cells: Cells, values: readonly unknown[]): Promise<WebGpuHandle> {
  return (await kernel.setOutput([...cells])(...values)) as WebGpuHandle;
}
