import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ipuPipeline } from './run.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-schedule-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function csv(text: string): Promise<string> {
  const file = join(folder, `${Math.random()}.csv`);
  await writeFile(file, text);
  return file;
}

describe('ipu-pipeline schedule', () => {
  it('draws a schedule', async () => {
    const { code, stdout } = await ipuPipeline(
      'schedule',
      'fill-drain',
      '--stages',
      '2',
      '--micro-batches',
      '2',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('3 steps of one unit per action, bubble 33 %');
    expect(stdout).toContain('rank 0  0F0 0F1 ·\nrank 1  ·   1F0 1F1\n');
  });

  it('prints JSON and CSV', async () => {
    const size = ['--stages', '2', '--micro-batches', '2'];
    const json = await ipuPipeline('schedule', 'sequential', ...size, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'sequential',
      stages: 2,
      cycles: 4,
      steps: 4,
      bubble: 0.5,
    });
    const text = await ipuPipeline('schedule', 'sequential', ...size, '--csv');
    expect(text.stdout).toBe('0F0,,0F1,\n,1F0,,1F1\n');
  });

  it('reads a file and writes it back unchanged', async () => {
    for (const text of ['0F0,0F1,,0B0,,0B1\n,1F0,1B0,1F1,1B1,\n', '0F0,0SEND_F0\n,,1RECV_F0,1F0\n']) {
      const { code, stdout } = await ipuPipeline('schedule', await csv(text), '--csv');
      expect(code).toBe(0);
      expect(stdout).toBe(text);
    }
  });

  it.each<[string, string | null, string[], string]>([
    [
      'a name that is none',
      null,
      ['zigzag', '--stages', '2', '--micro-batches', '2'],
      'fill-drain, sequential',
    ],
    ['a missing size', null, ['sequential', '--stages', '2'], 'needs --micro-batches'],
    [
      'no stages',
      null,
      ['sequential', '--stages', '0', '--micro-batches', '2'],
      'whole number of at least 1',
    ],
    ['two forms at once', null, ['sequential', '--csv', '--json'], 'cannot be used with'],
    ['a file that is not there', null, ['/no/such.csv'], 'cannot read /no/such.csv'],
    ['a cell that is no action', '0F0,what\n', ['FILE'], 'row 1, column 2: "what" is no action'],
    ['a deadlock', '0F0,0B0,0F1,0B1\n1F0,1F1,1B0,1B1\n', ['FILE'], 'which waits for 1B0 of rank 1'],
    ['another size than the file has', '0F0\n', ['FILE', '--stages', '3'], '--stages is 3, but'],
  ])('refuses %s with exit code 2', async (_, text, args, message) => {
    const file = text === null ? '' : await csv(text);
    const { code, stdout, stderr } = await ipuPipeline(
      'schedule',
      ...args.map((arg) => (arg === 'FILE' ? file : arg)),
    );
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).not.toMatch(/0F0/);
    expect(code).toBe(2);
  });
});

describe('ipu-pipeline', () => {
  it('says its version and what there is', async () => {
    const version = await ipuPipeline('--version');
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string });
    const help = await ipuPipeline('--help');
    expect(help.code).toBe(0);
    for (const command of ['bench', 'answer', 'config', 'schedule', 'eval'])
      expect(help.stdout).toContain(command);
  });

  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['config'], 'Usage: ipu-pipeline config'],
    [[], 'Usage: ipu-pipeline'],
  ])('answers %j with help and exit code 2', async (args, message) => {
    const { code, stderr } = await ipuPipeline(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it('gives errors as JSON to who asks for JSON', async () => {
    const { code, stdout } = await ipuPipeline('config', 'show', 'nothing-here', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { type: 'InputError' } });
  });
});
