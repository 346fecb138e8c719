import { GpuLostError, InputError } from 'ipu-pipeline';
import { programOf } from 'ipu-pipeline/models';
import { gpuJsExecutor, type Executor } from 'ipu-pipeline/executors';
import { matmulByFours, matmulConstants, matmulSideBySide, openComputeDevice } from 'ipu-pipeline/internals';
import { expect, it } from 'vitest';
import { gpuJsSuite } from './gpu-js-suite.js';
import { inputsOf, randomWeights, whole } from './random-model.js';
import { executorSuite, FIXED } from './suite.js';
import { onHardware, webGpu } from '../swiftshader.js';

/** What gpu.js keeps for a whole thread. */
interface GpuJsContext {
  readonly WebGPUContext: { acquire(): Promise<{ readonly device: { destroy(): void } }> };
}

if (webGpu.available) {
  it('refuses what a buffer of the adapter cannot hold, with the numbers', async () => {
    const device = await openComputeDevice('webgpu', { weightBytes: 0 });
    try {
      const program = device.compile(matmulByFours, matmulConstants(1, 1));
      const one = device.store(Float32Array.of(1));
      const refused = device.run(program, [2 ** 30, 1], [one, one, one, 1]);
      await expect(refused).rejects.toThrow(InputError);
      await expect(refused).rejects.toThrow(/17179869184 bytes.*this adapter holds \d+/);
    } finally {
      await device.dispose();
    }
  });

  it('multiplies right where there are more cells than float32 counts', { timeout: 60_000 }, async () => {
    const [rows, outputs] = [2400, 30522];
    const device = await openComputeDevice('webgpu', { weightBytes: 0 });
    try {
      const program = device.compile(matmulSideBySide, matmulConstants(1, outputs));
      const x = device.upload(Float32Array.from({ length: rows }, (_, row) => row + 1));
      const weight = device.store(Float32Array.from({ length: outputs }, (_, output) => (output % 64) + 1));
      const bias = device.store(new Float32Array(outputs));
      const result = await device.run(program, [(outputs * rows) / 4], [x, weight, bias, rows]);
      const values = await device.read(result, rows * outputs);
      let wrong = 0;
      for (let group = 0; group < rows / 4; group++) {
        for (let output = 0; output < outputs; output++) {
          const at = (group * outputs + output) * 4;
          for (let row = 0; row < 4; row++) {
            if (values[at + row] !== (group * 4 + row + 1) * ((output % 64) + 1)) wrong++;
          }
        }
      }
      expect(wrong).toBe(0);
    } finally {
      await device.dispose();
    }
  });

  // To fill the memory of a GPU would disturb whoever else computes there.
  it.skipIf(onHardware)('says that memory ran out, and computes on', async () => {
    const device = await openComputeDevice('webgpu', { weightBytes: 0 });
    try {
      // SwiftShader grants buffers of this size, and then has no memory for one.
      const large = (): unknown => device.store(new Float32Array(2 ** 28));
      expect(large).toThrow(InputError);
      expect(large).toThrow(/no memory left for a weight of 1073741824 bytes/);
      const program = device.compile(matmulByFours, matmulConstants(1, 1));
      const [two, three] = [2, 3].map((value) => device.store(Float32Array.of(value)));
      const wide = device.run(program, [2 ** 26, 1], [two!, two!, three!, 1]);
      await expect(wide).rejects.toThrow(
        /no memory left for the result of the kernel "matmul" of 1073741824/,
      );
      const result = await device.run(program, [1, 1], [device.upload(Float32Array.of(5)), two!, three!, 1]);
      expect(await device.read(result, 1)).toEqual(Float32Array.of(13));
    } finally {
      await device.dispose();
    }
  });

  it('says that the GPU was lost, and takes it again when it is back', async () => {
    const { config } = FIXED;
    const inputs = inputsOf(FIXED);
    const stage = (): ReturnType<Executor['prepare']> =>
      gpuJsExecutor('webgpu').prepare(programOf(config, whole(config, null)), randomWeights(1), {
        threads: 1,
      });
    const lost = await stage();
    const before = await lost.run(inputs);
    const { default: library } = (await import('gpu.js')) as unknown as { default: GpuJsContext };
    (await library.WebGPUContext.acquire()).device.destroy();
    await expect(lost.run(inputs)).rejects.toThrow(GpuLostError);
    await lost.dispose();
    const again = await stage();
    expect(await again.run(inputs)).toEqual(before);
    await again.dispose();
  });

  executorSuite(gpuJsExecutor('webgpu'), 2);
  gpuJsSuite('webgpu');
} else {
  it.skip(`gpu.js:webgpu, because ${webGpu.reason}`, () => undefined);
}
