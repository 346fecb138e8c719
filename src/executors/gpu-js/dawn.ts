import { InputError } from '../../../ipu-config/base/errors.js';

/** Dawn's entry, kept: a device is lost when it is collected. */
let gpu: unknown;

/**
 * Puts WebGPU where gpu.js looks for it, `navigator.gpu`, in this thread: Dawn's binding of the package `webgpu`.
 * A runtime that has WebGPU of its own keeps it.
 * @throws InputError when the binding cannot be loaded
 */
export async function provideWebGpu(): Promise<void> {
  const globals = globalThis as { navigator?: { gpu?: unknown } };
  if (globals.navigator?.gpu) return;
  const { create, globals: classes } = await loadBinding();
  gpu ??= create([]);
  Object.assign(globalThis, classes);
  if (globals.navigator) {
    Object.defineProperty(globals.navigator, 'gpu', { value: gpu, configurable: true });
  } else {
    Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  }
}

async function loadBinding(): Promise<typeof import('webgpu')> {
  try {
    return await import('webgpu');
  } catch (error) {
    throw new InputError(
      `gpu.js:webgpu needs Dawn's binding, the package webgpu from 0.6.2, which cannot be loaded: ${(error as Error).message}. ` +
        'Install it with `npm install webgpu`, or use gpu.js:webasm.',
      { cause: error },
    );
  }
}
