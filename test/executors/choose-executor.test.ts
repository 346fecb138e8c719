import { InputError } from 'ipu-pipeline';
import {
  checkAdapter,
  chooseExecutor,
  type Adapter,
  type GpuJsFacts,
  type Probed,
} from 'ipu-pipeline/executors';
import { runProbe } from 'ipu-pipeline/internals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const adapter = (description: string, isSoftware: boolean): Adapter => ({
  ...{ description, vendor: 'v', architecture: 'a', isSoftware, maxBufferBytes: 2 ** 30 },
});
const found = (adapters: readonly Adapter[], more: Partial<GpuJsFacts> = {}) => {
  const facts = { version: '2.24.0', adapters, webasm: true, simd: true, ...more };
  return (): Promise<Probed<GpuJsFacts>> => Promise.resolve({ facts });
};
const GPU = adapter('A GPU', false);
const SOFTWARE = adapter('SwiftShader', true);

describe('chooseExecutor', () => {
  it.each([
    ['auto', found([GPU, SOFTWARE]), 'gpu.js:webgpu', /a GPU answers \(A GPU\)/],
    ['auto', found([SOFTWARE]), 'onnx', /software \(SwiftShader\)/],
    ['auto', found([], { adapterFault: 'no driver' }), 'onnx', /no GPU answers \(no driver\)/],
    ['auto', () => Promise.resolve({ fault: 'ended by SIGSEGV' }), 'onnx', /SIGSEGV/],
    ['gpu.js', found([GPU]), 'gpu.js:webgpu', /A GPU/],
    ['gpu.js', found([SOFTWARE]), 'gpu.js:webasm', /software/],
    ['gpu.js', found([], { webasm: false }), 'gpu.js:cpu', /no WebAssembly/],
  ])('takes for %s what the machine has', async (choice, probe, name, reason) => {
    const chosen = await chooseExecutor(choice, probe);
    expect(chosen.name).toBe(name);
    expect(chosen.reason).toMatch(reason);
  });

  it('takes a full name as it is, without looking at the machine', async () => {
    const never = (): Promise<never> => Promise.reject(new Error('asked'));
    for (const name of ['onnx', 'reference', 'gpu.js:webgpu', 'gpu.js:webasm', 'gpu.js:cpu']) {
      expect(await chooseExecutor(name, never)).toEqual({ name });
    }
  });

  it('refuses others with a list', async () => {
    await expect(chooseExecutor('gpu.js:webgl')).rejects.toThrow(InputError);
    await expect(chooseExecutor('gpu.js:webgl')).rejects.toThrow(/"gpu.js:webgl".*auto, gpu.js, onnx/);
  });
});

describe('checkAdapter', () => {
  it('refuses webgpu where nothing answers, and asks for nothing else', async () => {
    const never = (): Promise<never> => Promise.reject(new Error('asked'));
    for (const name of ['auto', 'gpu.js', 'onnx', 'gpu.js:webasm']) await checkAdapter(name, never);
    await checkAdapter('gpu.js:webgpu', found([SOFTWARE]));
    await expect(checkAdapter('gpu.js:webgpu', found([]))).rejects.toThrow(InputError);
    const crashed = checkAdapter('gpu.js:webgpu', () => Promise.resolve({ fault: 'ended by SIGSEGV' }));
    await expect(crashed).rejects.toThrow(/needs a GPU.*libvulkan1.*doctor/);
  });
});

describe('runProbe', () => {
  it.each([
    ['hangs', 'setInterval(() => {}, 1000)', { fault: 'no answer within 0.5 s' }],
    ['crashes', 'process.kill(process.pid, "SIGSEGV")', { fault: 'ended by SIGSEGV' }],
    ['throws', 'throw new TypeError("no such library")', { fault: 'TypeError: no such library' }],
    ['answers after warnings', 'console.log("a warning"); console.log("[1]")', { facts: [1] }],
  ])('bounds a program that %s', async (_, program, expected) => {
    const folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-probe-'));
    try {
      const file = join(folder, 'probe.mjs');
      await writeFile(file, program);
      const timeoutMs = 'fault' in expected && /answer/.test(expected.fault ?? '') ? 500 : 20_000;
      expect(await runProbe(pathToFileURL(file), timeoutMs)).toEqual(expected);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
