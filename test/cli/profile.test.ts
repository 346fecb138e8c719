import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadProfile, type BenchmarkPrediction, type BenchmarkReport } from 'ipu-pipeline/machine';
import { ipuPipeline } from './run.js';

let folder: string;
let file: string;
const small = [
  '--model',
  'synthetic:bert-tiny',
  '--seq-len',
  '4,16',
  '--micro-batch',
  '1,2',
  '--max-seconds',
  '1',
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-profile-'));
  file = join(folder, 'profile.json');
});
afterAll(() => rm(folder, { recursive: true }));

describe('ipu-pipeline profile', () => {
  it('measures this machine into a file', async () => {
    const { code, stdout, stderr } = await ipuPipeline('profile', ...small, '-o', file);
    expect(stderr).toContain('synthetic:bert-tiny: loading');
    expect(code).toBe(0);
    expect(stdout).toContain('a layer');
    const profile = loadProfile(await readFile(file, 'utf8'), file);
    const [model] = profile.models;
    expect(model!.hiddenSize).toBe(128);
    expect(model!.headName).toBe('question-answering');
    // Which of the three carries the time of so small a model is up to the noise; that one does is not.
    const { weightsNs, tokenNs, tokenPairNs } = model!.layer;
    expect(weightsNs + tokenNs + tokenPairNs).toBeGreaterThan(0);
    expect(model!.contention.map(({ threads }) => threads)).toContain(profile.machine.cores);
    const shapes = model!.measurements.filter(({ part, layers, stagesAtOnce, threadsPerStage }) => {
      return part === 'layers' && layers === 2 && stagesAtOnce === 1 && threadsPerStage === 1;
    });
    expect(shapes.map(({ sequenceLength, microBatch }) => [sequenceLength, microBatch])).toEqual([
      [4, 1],
      [4, 2],
      [16, 1],
      [16, 2],
    ]);
  });

  it('prints JSON when asked, of the reference executor too', async () => {
    const { code, stdout } = await ipuPipeline('profile', ...small, '--executor', 'reference', '--json');
    expect(code).toBe(0);
    expect(loadProfile(stdout).executor).toBe('reference');
  });

  it.each([
    ['a length that is none', ['--seq-len', '128,x'], 'whole numbers of at least 1'],
    ['a length beyond the positions', ['--seq-len', '1024'], '512 positions'],
    ['a model that is none', ['--model', 'synthetic:bert-huge'], 'synthetic:bert-huge'],
    ['a folder that is not there', ['-o', '/no/such/folder/profile.json'], '/no/such/folder/profile.json'],
  ])('refuses %s with exit code 2, before anything is measured', async (_, args, message) => {
    const { code, stdout, stderr } = await ipuPipeline('profile', ...small, ...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stderr).not.toContain('loading');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('ipu-pipeline bench --predict', () => {
  it.each([['--predict'], ['--profile']])(
    'prints prediction and measurement side by side (%s)',
    async (flag) => {
      const config = join(folder, 'ipu_config.json');
      const json = join(folder, 'report.json');
      await writeFile(config, '{"layers_per_ipu": [1, 1], "inference_device_iterations": 4}');
      if (flag === '--profile') await ipuPipeline('profile', ...small, '-o', file);
      const { code, stdout } = await ipuPipeline(
        ...['bench', '--model', 'synthetic:bert-tiny', '--config', config, '--seq-len', '8'],
        ...['--micro-batches', '6', '--json', json, flag, ...(flag === '--profile' ? [file] : [])],
      );
      expect(code).toBe(0);
      expect(stdout).toContain('Predicted from the profile of');
      const report = JSON.parse(await readFile(json, 'utf8')) as BenchmarkReport & {
        prediction: BenchmarkPrediction;
      };
      const { runs, warnings } = report.prediction;
      expect(warnings).toEqual([]);
      expect(runs.map(({ run }) => run)).toEqual(report.runs.map(({ name }) => name));
      runs.forEach(({ predicted, measured, error }, at) => {
        expect(measured.sequencesPerSecond).toBe(report.runs[at]!.sequencesPerSecond);
        expect(predicted.sequencesPerSecond).toBeGreaterThan(0);
        expect(error).toBeCloseTo(predicted.sequencesPerSecond / measured.sequencesPerSecond - 1, 12);
        expect(predicted.stageMs).toHaveLength(measured.stageMs.length);
      });
    },
  );

  it.each([
    ['a profile that is not there', '/no/such/profile.json', '/no/such/profile.json'],
    ['a file that is no profile', 'ipu_config.json', 'is no profile of a machine'],
  ])('refuses %s with exit code 2', async (_, name, message) => {
    await writeFile(join(folder, 'ipu_config.json'), '{"layers_per_ipu": [1, 1]}');
    const path = name.startsWith('/') ? name : join(folder, name);
    const { code, stderr } = await ipuPipeline('bench', '--model', 'synthetic:bert-tiny', '--profile', path);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('loading');
    expect(code).toBe(2);
  });
});
