import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparePoints, parsePoints } from 'ipu-pipeline/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ipuPipeline } from './run.js';

const run = (id: string, microBatch: number): Readonly<Record<string, unknown>> => ({
  id,
  model: { hiddenSize: 256, layers: 4, attentionHeads: 4, vocabSize: 1000, head: 'question-answering' },
  ...{ mode: 'training', chip: 'gc200', ipus: 4, ipusPerReplica: 2, replicas: 2, recompute: 'stage' },
  ...{ sequenceLength: 128, microBatch, gradientAccumulation: 16 },
  stages: [
    { ipu: 0, embedding: true, attention: 2, feedForward: 2 },
    { ipu: 1, attention: 2, feedForward: 2, head: true },
  ],
  optimizer: { name: 'adamw', stateOffChip: false, replicatedTensorSharding: true },
});
/** As if the chips were less efficient than the simulator takes them for. */
const EFFICIENCY = 0.6;
const raw = [1, 4, 16].map((microBatch) => run(`of ${microBatch}`, microBatch));
const measured = comparePoints(
  parsePoints(
    raw.map((one) => ({ ...one, measured: {} })),
    { 'chip.ampEfficiency': EFFICIENCY },
  ),
).points.map(({ predicted }, index) => {
  return { ...raw[index], measured: { rowsPerSecond: predicted.rowsPerSecond } };
});

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-points-'));
  file = join(folder, 'points.json');
  await writeFile(file, JSON.stringify([...measured, { ...run('of none', 0), measured: {} }]));
});
afterAll(() => rm(folder, { recursive: true }));

const ofPoints = (...args: string[]): ReturnType<typeof ipuPipeline> =>
  ipuPipeline('simulate', '--points', file, ...args);

describe('ipu-pipeline simulate --points', () => {
  it('predicts the runs that can be read, and names the others', async () => {
    const { code, stdout, stderr } = await ofPoints();
    expect(code).toBe(0);
    for (const { id } of raw) expect(stdout).toContain(`│ ${id as string} `);
    expect(stderr).toMatch(/^left out: .*points\.json: Point of none: microBatch is 0/);
    const json = await ofPoints('--json');
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      points: raw.map(({ id }) => ({ id })),
      problems: [expect.stringContaining('Point of none')],
    });
  });

  it('finds the figure that made the measurements, and leaves each run out in turn', async () => {
    const { code, stdout } = await ofPoints('--fit', 'chip.ampEfficiency', '--json');
    expect(code).toBe(0);
    const found = JSON.parse(stdout) as {
      readonly fit: Readonly<Record<string, number>>;
      readonly meanAbsoluteError: number;
      readonly leaveOneOut: readonly unknown[];
    };
    expect(found.fit['chip.ampEfficiency']! / EFFICIENCY).toBeCloseTo(1, 1);
    expect(found.meanAbsoluteError).toBeLessThan(0.02);
    expect(JSON.stringify(found.leaveOneOut)).toContain('of 16');
    const text = await ofPoints('--fit', 'chip.ampEfficiency');
    expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining('chip.ampEfficiency') as string });
    expect(text.stderr).toMatch(/Fitting chip\.ampEfficiency/);
  });

  it.each([
    [['--html', 'page.html'], '--html is of one run; leave it or --points out.'],
    [['--trace', 'trace.json'], '--trace is of one run; leave it or --points out.'],
    [['--fit', 'chip.wheels'], 'chip.wheels'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await ofPoints(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
