import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Span } from 'ipu-pipeline/schedules';
import type { BenchmarkReport } from 'ipu-pipeline/machine';
import { readRecording, type RecordedRun } from 'ipu-pipeline/report';
import { writeModel } from '../model-directory.js';
import { ipuPipeline } from './run.js';

let folder: string;
let config: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-bench-'));
  config = join(folder, 'ipu_config.json');
  await writeFile(config, '{"layers_per_ipu": [1, 1], "inference_device_iterations": 4}');
});
afterAll(() => rm(folder, { recursive: true }));

function bench(...args: string[]): ReturnType<typeof ipuPipeline> {
  const small = ['--model', 'synthetic:bert-tiny', '--seq-len', '16', '--micro-batches', '6'];
  return ipuPipeline('bench', '--config', config, ...small, ...args);
}

describe('ipu-pipeline bench', () => {
  it('measures one device and the pipeline on the same inputs, and writes all of it', async () => {
    const [json, recording] = [join(folder, 'report.json'), join(folder, 'spans.msgpack')];
    const { code, stdout } = await bench('--json', json, '--record', recording);
    expect(code).toBe(0);
    expect(stdout).toContain('Outputs of all runs are identical, bit for bit.');
    expect(stdout).toContain('one device, 1 thread');
    expect(stdout).toContain('pipeline, 2 stages');
    const report = JSON.parse(await readFile(json, 'utf8')) as BenchmarkReport;
    expect(report.runs.map(({ name }) => name)).toEqual([
      'one device, 1 thread',
      'one device, 2 threads',
      'pipeline, 2 stages',
    ]);
    expect(report.identicalOutputs).toBe(true);
    expect(report.environment.cores).toBeGreaterThan(0);
    checkRuns(report);
    await checkRecording(recording, report);
  });

  it.each(['sequential', 'fill-drain'])(
    'runs the %s schedule and replicas, with the same outputs',
    async (schedule) => {
      const replicated = join(folder, 'replicated.json');
      await writeFile(replicated, '{"layers_per_ipu": [1, 1], "inference_replication_factor": 2}');
      const json = join(folder, `${schedule}.json`);
      const { code } = await bench(
        '--config',
        replicated,
        '--schedule',
        schedule,
        '--micro-batch',
        '2',
        '--json',
        json,
      );
      expect(code).toBe(0);
      const report = JSON.parse(await readFile(json, 'utf8')) as BenchmarkReport;
      expect(report.identicalOutputs).toBe(true);
      expect(report.runs.at(-1)!.activity.ranks).toHaveLength(4);
      if (schedule === 'sequential') {
        // One stage at a time: the two stages of a replica never add up to more than its time.
        const [first, second] = report.runs.at(-1)!.activity.ranks;
        expect(first!.busyShare + second!.busyShare).toBeLessThanOrEqual(1.001);
      }
    },
  );

  it('finds a configuration by itself: the one beside the model, or an even split', async () => {
    const model = await writeModel();
    await writeFile(join(model, 'ipu_config.json'), '{"layers_per_ipu": [1, 3]}');
    const own = await ipuPipeline('bench', '--model', model, '--seq-len', '8', '--no-single');
    expect(own.stdout).toContain('pipeline, 2 stages');
    const args = [
      '--model',
      'synthetic:bert-mini',
      '--seq-len',
      '8',
      '--no-single',
      '--executor',
      'reference',
    ];
    const even = await ipuPipeline('bench', ...args, '--micro-batches', '2');
    expect(even.stdout).toContain('pipeline, 4 stages');
    await rm(model, { recursive: true });
  });

  it('can leave out one device', async () => {
    const { code, stdout } = await bench('--no-single');
    expect(code).toBe(0);
    expect(stdout).not.toContain('one device');
  });

  it.each([
    ['a micro-batch of 0', ['--micro-batch', '0'], 'whole number of at least 1'],
    ['a sequence longer than the positions', ['--seq-len', '513'], 'more than the 512 positions'],
    [
      'a configuration for another number of layers',
      ['--model', 'synthetic:bert-mini'],
      '2 layers but there are 4 layers',
    ],
    ['an unknown schedule', ['--schedule', 'random'], 'must be one of fill-drain, sequential'],
    ['an unknown option', ['--frobnicate'], "unknown option '--frobnicate'"],
    [
      'a report in a folder that is not there',
      ['--json', '/no/such/folder/report.json'],
      '/no/such/folder/report.json',
    ],
    [
      'a recording in a folder that is not there',
      ['--record', '/no/such/folder/spans'],
      '/no/such/folder/spans',
    ],
  ])('refuses %s with exit code 2, before anything starts', async (_, args, message) => {
    const { code, stdout, stderr } = await bench(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(stderr).not.toContain('loading');
    expect(code).toBe(2);
  });
});

function checkRuns({ runs, settings }: BenchmarkReport): void {
  for (const run of runs) {
    expect(run.sequencesPerSecond).toBeGreaterThan(0);
    expect(run.tokensPerSecond).toBeCloseTo(run.sequencesPerSecond * settings.sequenceLength, 3);
    expect(run.latencyMs.p50).toBeLessThanOrEqual(run.latencyMs.p99);
    for (const { busyShare, stallShares } of run.activity.ranks) {
      const whole = Object.values(stallShares).reduce((sum, share) => sum + share, busyShare);
      expect(whole).toBeGreaterThan(0.99);
      expect(whole).toBeLessThan(1.001);
    }
  }
}

/** The recording holds a header, then each run with every action of it. */
async function checkRecording(path: string, { runs, settings }: BenchmarkReport): Promise<void> {
  const total = settings.warmUp + settings.microBatches + settings.coolDown;
  const actions: number[] = [];
  for await (const entry of readRecording(path)) {
    if ('run' in (entry as object)) actions.push(0);
    else if ((entry as Span).kind === 'action') actions[actions.length - 1]!++;
  }
  expect(actions).toEqual(runs.map(({ stages }) => stages.length * total));
  for await (const entry of readRecording(path)) {
    expect(entry).toMatchObject({ format: 'ipu-pipeline-spans', version: 1 });
    break;
  }
  const named: RecordedRun[] = [];
  for await (const entry of readRecording(path))
    if ('run' in (entry as object)) named.push(entry as RecordedRun);
  expect(named.map(({ run }) => run)).toEqual(runs.map(({ name }) => name));
}
