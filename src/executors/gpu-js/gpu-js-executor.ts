import { weightBytes, type Program } from '../../models/program.js';
import type { WeightSource } from '../../weights/weights.js';
import type { Executor, ExecutorOptions, StageExecutor } from '../stage-executor.js';
import { checkProgram } from './check-program.js';
import { prepareProgram } from './device-program.js';
import { DeviceWeights } from './device-weights.js';
import type { GpuJsMode } from './device.js';
import { openComputeDevice } from './open-device.js';

/** Kernels on gpu.js in one of its modes. One thread, whatever is asked; a GPU has its own. */
export function gpuJsExecutor(mode: GpuJsMode): Executor {
  return {
    name: `gpu.js:${mode}`,
    async prepare(program: Program, weights: WeightSource, options: ExecutorOptions): Promise<StageExecutor> {
      checkProgram(program);
      const bytes = weightBytes(program);
      const device = await openComputeDevice(mode, { weightBytes: bytes, onKernel: options.onKernel });
      try {
        const onRead = (read: number): void => options.onProgress?.(Math.min(1, read / bytes));
        const stored = new DeviceWeights(weights, device, onRead);
        const run = await prepareProgram(program, device, stored);
        if (stored.bytes === 0) options.onProgress?.(1);
        return {
          weightBytes: stored.bytes,
          transfers: device.transfers,
          run,
          dispose: () => device.dispose(),
        };
      } catch (error) {
        await device.dispose();
        throw error;
      }
    },
  };
}

export const createExecutor = (name: string): Executor =>
  gpuJsExecutor(name.slice(name.indexOf(':') + 1) as GpuJsMode);
