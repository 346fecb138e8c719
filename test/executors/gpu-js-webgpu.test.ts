import { InputError, gpuJsExecutor, matmul, matmulConstants, openComputeDevice } from 'ipu-pipeline';
import { expect, it } from 'vitest';
import { gpuJsSuite } from './gpu-js-suite.js';
import { executorSuite } from './suite.js';
import { webGpu } from '../swiftshader.js';

if (webGpu.available) {
  it('refuses what a buffer of the adapter cannot hold, with the numbers', async () => {
    const device = await openComputeDevice('webgpu', { weightBytes: 0 });
    try {
      const program = device.compile(matmul, matmulConstants(1));
      const one = device.store(Float32Array.of(1));
      const refused = device.run(program, [2 ** 30, 1], [one, one, one, 1]);
      await expect(refused).rejects.toThrow(InputError);
      await expect(refused).rejects.toThrow(/17179869184 bytes.*this adapter holds \d+/);
    } finally {
      await device.dispose();
    }
  });

  executorSuite(gpuJsExecutor('webgpu'), 2);
  gpuJsSuite('webgpu');
} else {
  it.skip(`gpu.js:webgpu, because ${webGpu.reason}`, () => undefined);
}
