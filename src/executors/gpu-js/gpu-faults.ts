import { InputError, InternalError, IpuPipelineError } from '../../../ipu-config/base/errors.js';
import type { WebGpuContext } from './gpu-js-library.js';

/** The GPU stopped answering: its driver was reset, it was taken away, or somebody destroyed the device. */
export class GpuLostError extends IpuPipelineError {
  override readonly name = 'GpuLostError';
  readonly exitCode = 1;
}

/** By gpu.js's context: stages of one thread share it. */
const watched = new WeakMap<WebGpuContext, GpuFaults>();

/**
 * What a device complains of. WebGPU reports errors aside and goes on: with a buffer that could not be had every
 * result is zeros. So whoever uses the device asks here before a result is believed.
 */
export class GpuFaults {
  readonly #context: WebGpuContext;
  #first: GPUError | undefined;
  #lost: string | undefined;

  /** Use `GpuFaults.of`. */
  constructor(context: WebGpuContext) {
    this.#context = context;
    const { device } = context;
    // gpu.js's own listener would only print.
    device.onuncapturederror = (event) => {
      event.preventDefault();
      this.#first ??= event.error;
    };
    void device.lost.then(({ message }) => (this.#lost = message || 'no reason given'));
  }

  static of(context: WebGpuContext): GpuFaults {
    let faults = watched.get(context);
    if (!faults) watched.set(context, (faults = new GpuFaults(context)));
    return faults;
  }

  /**
   * @param what was being done, for the message: `a weight of 4096 bytes`.
   * @throws InputError when memory ran out, GpuLostError when the device is gone, InternalError at anything else
   */
  check(what: string, thrown?: unknown): void {
    if (this.#lost !== undefined || this.#context.isLost) {
      throw new GpuLostError(
        `gpu.js:webgpu: the GPU was lost at ${what}: ${this.#lost ?? 'no reason given'}. Run it again; if it is lost ` +
          'again, look at the driver, or use another executor.',
        { cause: thrown },
      );
    }
    const first = this.#first;
    this.#first = undefined;
    if (!first) return;
    if (first.constructor.name === 'GPUOutOfMemoryError') {
      throw new InputError(
        `gpu.js:webgpu: the GPU has no memory left for ${what} (all stages on a GPU share it): put fewer layers on ` +
          'the stages, use smaller micro-batches, or another executor.',
        { cause: first },
      );
    }
    throw new InternalError(`gpu.js:webgpu: ${what}: ${first.message}`, { cause: thrown ?? first });
  }
}
