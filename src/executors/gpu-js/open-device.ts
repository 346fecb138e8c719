import { openCpuDevice } from './cpu-device.js';
import type { ComputeDevice, DeviceOptions, GpuJsMode } from './device.js';
import { openWebasmDevice } from './webasm-device.js';
import { openWebgpuDevice } from './webgpu-device.js';

const OPEN: Record<GpuJsMode, (options: DeviceOptions) => Promise<ComputeDevice>> = {
  webgpu: openWebgpuDevice,
  webasm: openWebasmDevice,
  cpu: openCpuDevice,
};

/**
 * A mode of gpu.js, ready to compile kernels. Dispose of it at the end.
 * @throws InputError that says why it is not to be had, and what to install
 */
export function openComputeDevice(mode: GpuJsMode, options: DeviceOptions): Promise<ComputeDevice> {
  return OPEN[mode](options);
}
