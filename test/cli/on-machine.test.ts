import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IpuConfig } from 'ipu-pipeline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ipuPipeline } from './run.js';

let folder: string;
let profile: string;
let config: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-machine-'));
  profile = join(folder, 'profile.json');
  config = join(folder, 'two.json');
  await writeFile(config, '{"layers_per_ipu": [1, 1], "inference_device_iterations": 4}');
  const small = ['--model', 'synthetic:bert-tiny', '--seq-len', '8,16', '--micro-batch', '1'];
  const { code } = await ipuPipeline('profile', ...small, '--max-seconds', '1', '-o', profile);
  expect(code).toBe(0);
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

const onMachine = (command: string, ...args: string[]) =>
  ipuPipeline(
    command,
    '--system',
    profile,
    '--model',
    'bert-tiny',
    '--config',
    config,
    '--seq-len',
    '16',
    ...args,
  );

describe('a profile as the system', () => {
  it('is simulated with the schedule of the runtime', async () => {
    const { code, stdout } = await onMachine('simulate', '--json');
    expect(code).toBe(0);
    const first = JSON.parse(stdout) as { sequencesPerSecond: number; stageMs: readonly number[] };
    expect(first.sequencesPerSecond).toBeGreaterThan(0);
    expect(first.stageMs).toHaveLength(2);
    expect((await onMachine('simulate', '--json')).stdout).toBe(stdout);
    const other = await onMachine(
      'simulate',
      '--schedule',
      'sequential',
      '--device-iterations',
      '8',
      '--json',
    );
    expect(JSON.parse(other.stdout)).toMatchObject({ stageMs: first.stageMs });
    const trace = join(folder, 'trace.json');
    expect((await onMachine('simulate', '--trace', trace)).stdout).toContain('sequences/s');
    const { traceEvents } = JSON.parse(await readFile(trace, 'utf8')) as { traceEvents: readonly unknown[] };
    expect(traceEvents.length).toBeGreaterThan(10);
  });

  it('is planned for, and the file is ready', async () => {
    const file = join(folder, 'planned.json');
    const { code, stdout } = await onMachine('plan', '--output', file);
    expect(code).toBe(0);
    expect(stdout).toContain('best split: [1, 1] layers on 2 threads');
    const planned = new IpuConfig(JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>);
    expect(planned.get('inference_layers_per_ipu')).toEqual([1, 1]);
    expect(planned.get('inference_device_iterations')).toBe(4);
    const plan = await onMachine('plan', '--json');
    expect(JSON.parse(plan.stdout)).toMatchObject({
      layersPerIpu: [1, 1],
      attributes: { layers_per_ipu: [1, 1] },
    });
  });

  it.each([
    [['simulate', '--mode', 'training'], '--mode training is for IPUs'],
    [['simulate', '--set', 'chip.clockHz=1'], '--set is for IPUs'],
    [['plan', '--halves'], '--halves is for IPUs'],
    [['plan', '--ipus-per-replica', '9'], 'the model has 2 layers'],
    [['plan', '--ipus-per-replica', '1,2'], 'give one number to --ipus-per-replica'],
    [['plan', '--ipus-per-replica', 'two'], 'It must be auto, or whole numbers from 1'],
    [['simulate', '--chunks', '2'], '--chunks is for IPUs'],
    [['simulate', '--schedule', '1f1b'], '1f1b is a schedule of training, which this machine does not do'],
  ])('refuses %j', async ([command, ...args], message) => {
    const { code, stderr } = await onMachine(command!, ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('refuses a file that is no profile', async () => {
    const { code, stderr } = await ipuPipeline('simulate', '--system', config, '--model', 'bert-tiny');
    expect(code).toBe(2);
    expect(stderr).toContain('is no profile of a machine');
  });
});
