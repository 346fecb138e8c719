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

  it('measures as long as it takes, and says how steady it was', async () => {
    const json = join(folder, 'steady.json');
    const { code, stdout } = await ipuPipeline(
      ...['bench', '--config', config, '--model', 'synthetic:bert-tiny', '--seq-len', '8', '--no-single'],
      ...['--json', json],
    );
    expect(code).toBe(0);
    const { runs, settings } = JSON.parse(await readFile(json, 'utf8')) as BenchmarkReport;
    const [{ activity, spread }] = runs as [BenchmarkReport['runs'][number]];
    expect(settings.microBatches).toBe(activity.microBatches);
    expect(settings.microBatches).toBeGreaterThanOrEqual(12);
    expect(activity.rates).toHaveLength(8);
    // Eighths of a window whose rates are weighted by their time give the rate of the whole.
    const sizes = activity.rates.map((_, at) => {
      const [from, to] = [at, at + 1].map((part) => Math.round((part * activity.microBatches) / 8));
      return to! - from!;
    });
    const seconds = activity.rates.reduce((sum, rate, at) => sum + sizes[at]! / rate, 0);
    expect(seconds).toBeCloseTo(activity.seconds, 6);
    expect(spread!.low).toBeLessThanOrEqual(spread!.high);
    expect(spread!.low).toBeGreaterThanOrEqual(Math.min(...activity.rates));
    expect(stdout).toMatch(
      /^synthetic:bert-tiny as a pipeline of 2 stages does [\d.]+ sequences\/s on \d+ cores/,
    );
    expect(stdout).toMatch(/ ± \d+ % │/);
  });

  it('leaves out what a short run cannot say, and warns', async () => {
    const { stdout } = await bench();
    expect(stdout).toMatch(/one device, 1 thread.* ms │ +– │ +– │/);
    expect(stdout).toMatch(/warning: pipeline, 2 stages: 6 micro-batches took .* too short to mean much/);
  });

  it('puts a pipeline with a stage for each core beside a published one', async () => {
    const json = join(folder, 'cores.json');
    const args = ['--model', 'synthetic:bert-mini', '--seq-len', '8', '--micro-batches', '3', '--json', json];
    const { code } = await ipuPipeline('bench', ...args);
    expect(code).toBe(0);
    const { runs, environment, identicalOutputs } = JSON.parse(
      await readFile(json, 'utf8'),
    ) as BenchmarkReport;
    const pipelines = runs.filter(({ stages }) => stages.length > 1).map(({ stages }) => stages.length);
    const { cores } = environment;
    expect(pipelines).toEqual(cores > 1 && cores < 4 ? [cores, 4] : [4]);
    expect(identicalOutputs).toBe(true);
  });

  it('compares with an earlier report, and ends with 2 below a threshold', async () => {
    const json = join(folder, 'earlier.json');
    expect((await bench('--json', json)).code).toBe(0);
    const same = await bench('--compare', json, '--threshold', '0');
    expect(same.code).toBe(0);
    expect(same.stdout).toMatch(/Compared with the report of .*\n(.*\n)+│ pipeline, 2 stages .* × │/);
    const slow = await bench('--compare', json, '--threshold', '1e6');
    expect({ code: slow.code, stdout: slow.stdout }).toMatchObject({
      ...{ code: 2, stdout: expect.stringContaining('Compared with') as string },
    });
    expect(slow.stderr).toMatch(/slower than --threshold 1000000 of .*earlier\.json: one device, 1 thread: /);
    const other = await bench('--compare', json, '--seq-len', '8');
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toMatch(/earlier\.json measured another sequenceLength: 16, and here it is 8/);
    const saved = JSON.parse(await readFile(json, 'utf8')) as BenchmarkReport;
    const renamed = join(folder, 'renamed.json');
    const runs = saved.runs.map((run) => ({ ...run, name: `another ${run.name}` }));
    await writeFile(renamed, JSON.stringify({ ...saved, runs }));
    const kept = join(folder, 'kept.json');
    const unlike = await bench('--compare', renamed, '--json', kept);
    expect(unlike).toMatchObject({ code: 2, stderr: expect.stringContaining('no run is in both') as string });
    expect(JSON.parse(await readFile(kept, 'utf8'))).toMatchObject({ format: saved.format });
    const noReport = await bench('--compare', config);
    expect(noReport).toMatchObject({ code: 2, stderr: expect.stringContaining('ipu_config.json') as string });
    const lone = await bench('--threshold', '1');
    expect(lone).toMatchObject({ code: 2, stderr: expect.stringContaining('--compare') as string });
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
