import { InputError } from '../../../ipu-config/base/errors.js';

/** Nothing here answers to WebGPU. @param cause of whoever looked */
export function noAdapterError(cause?: unknown): InputError {
  return new InputError(
    'gpu.js:webgpu finds no adapter. It needs a GPU with its Vulkan, Metal or Direct3D 12 driver; on Linux also ' +
      'libvulkan1. `ipu-pipeline doctor` shows what there is; gpu.js:webasm needs no adapter.',
    { cause },
  );
}
