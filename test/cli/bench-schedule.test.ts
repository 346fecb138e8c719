import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchmarkReport } from 'ipu-pipeline/machine';
import { writeModel } from '../model-directory.js';
import { ipuPipeline } from './run.js';
import { textsOf } from '../texts-of.js';

let folder: string;

beforeAll(async () => {
  folder = await writeModel();
  await writeFile(join(folder, 'ipu_config.json'), '{"layers_per_ipu": [1, 3]}');
});
afterAll(() => rm(folder, { recursive: true }));

/** Four layers, in two stages by the configuration. */
async function bench(csv: string, ...args: string[]) {
  const [file, json] = [join(folder, 'order.csv'), join(folder, 'report.json')];
  await writeFile(file, csv);
  const size = ['--seq-len', '8', '--micro-batches', '5'];
  const run = await ipuPipeline(
    'bench',
    '--model',
    folder,
    ...size,
    '--schedule',
    file,
    '--json',
    json,
    ...args,
  );
  const report = async (): Promise<BenchmarkReport> =>
    JSON.parse(await readFile(json, 'utf8')) as BenchmarkReport;
  return { ...run, report };
}

describe('ipu-pipeline bench --schedule FILE.csv', () => {
  it.each([
    ['looped', '0F0,0F1,2F0,2F1\n1F0,1F1,3F0,3F1\n', [0, 1, 0, 1]],
    ['ranks and micro-batches the other way round', ',1F2,1F1,1F0\n0F1,0F2,0F0,\n', [1, 0]],
  ])('runs stages %s, with the outputs of one device', async (_, csv, ranks) => {
    const { code, report } = await bench(csv);
    expect(code).toBe(0);
    const { identicalOutputs, runs, settings, warnings } = await report();
    expect(identicalOutputs).toBe(true);
    expect(runs.at(-1)?.stages.map(({ ipu }) => ipu)).toEqual(ranks);
    expect(settings.deviceIterations).toBe(csv.includes('F2') ? 3 : 2);
    const said = textsOf(warnings).join('\n');
    if (ranks.length > 2)
      expect(said).toMatch(/order\.csv has \d stages and the configuration's split 2: .*evenly/);
    if (ranks[0] === 1)
      expect(said).toMatch(/stages on ranks 1, 0: the configuration's IPUs 0, 1 are not used/);
    expect(said).toMatch(/calls of \d micro-batches: inference_device_iterations=1 is not used/);
  });

  it.each([
    [
      'a backward',
      '0F0,0B0\n1F0,1B0\n',
      /0B0 \(backward\) is of stage 0, embedding, layer 0 .*only goes forward/,
    ],
    [
      'more stages than layers',
      `${Array.from({ length: 5 }, (_, j) => `${j}F0`).join('\n')}\n`,
      /5 stages.*4 layers/,
    ],
    ['orders that wait for each other', '0F0,2F0,0F1,2F1\n3F0,1F0,1F1,3F1\n', /never ends[^]*▲ here/],
    [
      'too few slots',
      '0F0,0F1,0F2,1F0,1F1,1F2\n',
      /never ends[^]*▲ here[^]*2 slots \(slotsPerLink\); with 3 it comes/,
    ],
    ['a cell that is none', '0F0,0X1\n', /row 1, column 2: .*X/],
  ])('refuses %s before anything runs', async (_, csv, message) => {
    const { code, stdout, stderr } = await bench(csv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('one device');
  });

  it('has as many slots as it is told', async () => {
    const { code, report } = await bench('0F0,0F1,0F2,1F0,1F1,1F2\n', '--slots-per-link', '3', '--no-single');
    expect(code).toBe(0);
    expect((await report()).runs).toHaveLength(1);
  });

  it('refuses schedules that have a backward, and names that there are not', async () => {
    const training = await ipuPipeline('bench', '--schedule', 'zb1p');
    expect(training.code).toBe(2);
    expect(training.stderr).toMatch(/--schedule zb1p has a backward pass.*fill-drain, sequential/);
    const unknown = await ipuPipeline('bench', '--schedule', 'best');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/--schedule best is no schedule/);
  });
});
