import { CpuDevice } from './cpu-device.js';
import type { ComputeDevice, DeviceOptions, GpuJsMode } from './device.js';
import { WebasmDevice } from './webasm-device.js';
import { WebgpuDevice } from './webgpu-device.js';

const OPEN: Record<GpuJsMode, (options: DeviceOptions) => Promise<ComputeDevice>> = {
  webgpu: (options) => WebgpuDevice.open(options),
  webasm: (options) => WebasmDevice.open(options),
  cpu: (options) => CpuDevice.open(options),
};

/**
 * A mode of gpu.js, ready to compile kernels. Dispose of it at the end.
 * @throws InputError that says why it is not to be had, and what to install
 */
export function openComputeDevice(mode: GpuJsMode, options: DeviceOptions): Promise<ComputeDevice> {
  return OPEN[mode](options);
}
