import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Doctor } from 'ipu-pipeline/machine';
import { describe, expect, it } from 'vitest';
import { SWIFTSHADER_ENV, webGpu } from '../swiftshader.js';
import { ipuPipeline } from './run.js';

const CLI = resolve(import.meta.dirname, '../../dist/src/cli/main.js');

describe('ipu-pipeline doctor', () => {
  it('prints what the machine offers', async () => {
    const { code, stdout } = await ipuPipeline('doctor');
    expect(code).toBe(0);
    for (const word of ['Machine', 'cores', 'WebGPU adapters', 'gpu.js:webasm', 'ONNX Runtime', 'auto']) {
      expect(stdout).toContain(word);
    }
  });

  it.skipIf(!webGpu.available || process.env['IPU_PIPELINE_TEST_GPU'])(
    'tells a software adapter from a GPU, and does not take it',
    async () => {
      const { code, stdout } = await withSwiftShader('doctor', '--json');
      expect(code).toBe(0);
      const doctor = JSON.parse(stdout) as Doctor;
      expect(doctor.gpuJs.adapters).toMatchObject([{ architecture: 'swiftshader', isSoftware: true }]);
      expect(doctor.gpuJs.modes).toMatchObject({
        webgpu: { available: true },
        webasm: { available: true },
        cpu: { available: true },
      });
      expect(doctor.onnx.available).toBe(true);
      expect(doctor.auto).toMatchObject({ name: 'onnx' });
      expect(doctor.environment.cores).toBeGreaterThan(0);
    },
  );
});

describe('--executor', () => {
  const bench = ['bench', '--model', 'synthetic:bert-tiny', '--seq-len', '16', '--micro-batches', '2'];

  it('runs bench on gpu.js from end to end, and says which mode it took and why', async () => {
    const { code, stdout, stderr } = await ipuPipeline(...bench, '--executor', 'gpu.js', '--no-single');
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/--executor gpu\.js takes gpu\.js:(?:webasm|webgpu): /);
    expect(stdout).toMatch(/synthetic:bert-tiny, gpu\.js:(?:webasm|webgpu)/);
  });

  it('says what auto took', async () => {
    const { code, stderr } = await ipuPipeline(...bench, '--executor', 'auto', '--no-single');
    expect(code).toBe(0);
    expect(stderr).toMatch(/--executor auto takes \S+: /);
  });

  it('ends with 2 where there is no adapter for gpu.js:webgpu, and says what to install', async () => {
    // No driver is found in a file that is not there.
    const { code, stderr } = await run(
      { VK_DRIVER_FILES: '/no/driver.json' },
      ...bench,
      '--executor',
      'gpu.js:webgpu',
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/gpu\.js:webgpu finds no adapter.*driver.*doctor.*gpu\.js:webasm/s);
  });

  it('ends with 2 where Node has no WebAssembly for gpu.js:webasm', async () => {
    const { code, stderr } = await run(
      { NODE_OPTIONS: '--jitless' },
      ...bench,
      '--executor',
      'gpu.js:webasm',
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/needs WebAssembly.*gpu\.js:cpu/s);
  });
});

function withSwiftShader(...args: string[]): Promise<Finished> {
  return run(SWIFTSHADER_ENV, ...args);
}

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Finished> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', failed);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}
