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
    for (const text of [
      '0F0,0F1,,0B0,,0B1\n,1F0,1B0,1F1,1B1,\n',
      '0F0,0SEND_F0\n,,1RECV_F0,1F0\n',
      '0F0,1F0,(0F1;1B0)OVERLAP_F_B,1F1,0B0,1B1,0B1\r\n',
      '0F0, 0F1,"0BW0",0B1,,0W1',
      '0UNSHARD,0F0,0B0,0REDUCE_GRAD,0RESHARD\r\n\r\n',
    ]) {
      const { code, stdout } = await ipuPipeline('schedule', await csv(text), '--csv');
      expect(code).toBe(0);
      expect(stdout).toBe(text);
    }
  });

  it('costs a schedule, with transfers and stashes', async () => {
    const args = ['schedule', '1f1b', '--stages', '2', '--micro-batches', '4', '--costs', 'F=1ms,B=2ms'];
    const { code, stdout } = await ipuPipeline(...args, '--stash-bytes', '1048576');
    expect(code).toBe(0);
    expect(stdout).toContain('1f1b: 2 stages, 4 micro-batches, 10 steps of one unit per action\n');
    expect(stdout).toContain('with F=1ms,B=2ms: makespan 15.0 ms, bubble 20 %\n');
    expect(stdout).toContain('peak activations per stage, in micro-batches: 2, 1\n');
    expect(stdout).toContain('peak stash per rank: 2.00 MiB, 1.00 MiB\n');
    const link = ['--activation-bytes', '1000000', '--link-gb-per-s', '10', '--link-latency-ns', '500'];
    const { stdout: json } = await ipuPipeline(...args, ...link, '--json');
    // Four transfers have no computing beside them: those of 0F0, 1B0 and 0F2, or 0F3, and 1B3.
    expect(JSON.parse(json)).toMatchObject({
      unit: 'ns',
      costs: { F: 1e6, B: 2e6, I: 1e6, W: 1e6 },
      makespan: 15e6 + 4 * 100_500,
      steps: 10,
      peakActivations: { perStage: [2, 1], perRank: [2, 1] },
      rankTimes: [{ busy: 12e6, done: 0 }, { stalls: { upstream: 1e6 + 100_500, exchange: 2 * 100_500 } }],
    });
  });

  it('lowers a schedule to one that torch can load with its transfers', async () => {
    const args = ['schedule', 'zbv', '--stages', '4', '--micro-batches', '2'];
    const { stdout } = await ipuPipeline(...args, '--lower', '--csv');
    expect(stdout).toMatch(/^0F0,0SEND_F0,0F1,0SEND_F1,[^\n]+\n1RECV_F0,1F0,[^\n]+\n$/);
    const again = await ipuPipeline('schedule', await csv(stdout), '--csv');
    expect(again).toMatchObject({ code: 0, stdout });
    const twice = await ipuPipeline('schedule', await csv(stdout), '--lower');
    expect(twice).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has its transfers already') as string,
    });
  });

  it('compares schedules and files in one table', async () => {
    const sizes = ['--stages', '8', '--micro-batches', '32', '--costs', 'F=1,B=2,W=1'];
    const file = await csv('0F0,0F1,,0B0,,0B1\n,1F0,1B0,1F1,1B1,\n');
    const { code, stdout } = await ipuPipeline(
      'schedule',
      'compare',
      'gpipe',
      '1f1b',
      'zb1p',
      'zbv',
      file,
      ...sizes,
    );
    expect(code).toBe(0);
    expect(stdout).toContain('costs: F = 1.00, B = 2.00, I = 1.00, W = 1.00\n');
    expect(stdout).toMatch(/gpipe +8 +8 +78 +18 % +117 +32 32 32 32 32 32 32 32\n/);
    expect(stdout).toMatch(/1f1b +8 +8 +78 +18 % +117 +8 7 6 5 4 3 2 1\n/);
    expect(stdout).toMatch(/zb1p +8 +8 +103 +6.8 % +103 +8 8 8 8 8 8 8 8\n/);
    expect(stdout).toMatch(/zbv +4 +8 +195 +1.5 % +195 +8 7 6 5 4 3 2 1\n/);
    expect(stdout).toMatch(/\.csv +2 +2 +6 +33 % +9.00 +2 1\n/);
  });

  it('compares schedules on the same ranks, where several stages share the work of one', async () => {
    const sizes = ['--ranks', '4', '--micro-batches', '16'];
    const names = ['1f1b', 'interleaved-1f1b', 'ZBVZeroBubble', 'fill-drain'];
    const { stdout } = await ipuPipeline('schedule', 'compare', ...names, ...sizes, '--json');
    const { schedules } = JSON.parse(stdout) as { schedules: Record<string, unknown>[] };
    expect(schedules).toMatchObject([
      { schedule: '1f1b', ranks: 4, stages: 4, makespan: 57 },
      { schedule: 'interleaved-1f1b', ranks: 4, stages: 8, makespan: 48 + 4.5 },
      { schedule: 'zbv', ranks: 4, stages: 8, makespan: 48 + 1.5 },
      { schedule: 'fill-drain', ranks: 4, stages: 4, makespan: 19 },
    ]);
  });

  it.each([
    [['gpipe', '--stages', '4'], 'needs --micro-batches'],
    [['gpipe', 'nope', '--stages', '4', '--micro-batches', '8'], 'there is no schedule "nope"'],
    [['gpipe', '--stages', '4', '--ranks', '4', '--micro-batches', '8'], 'give one of them'],
    [['zbv', '--stages', '5', '--micro-batches', '8'], 'must be a multiple of 2 (ranks × chunks)'],
    [['gpipe', '--csv'], "unknown option '--csv'"],
    [[], "missing required argument 'name-or-file'"],
  ])('compare refuses %j with exit code 2', async (args, message) => {
    const { code, stderr } = await ipuPipeline('schedule', 'compare', ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it.each([
    ['F=x', '"F=x" is no cost; write F=1 or F=1.2ms'],
    ['F=1,X=2', 'there is no op X'],
    ['F=1,F=2', 'F has two costs'],
    ['F=1h', '"h" is no unit of time'],
    ['F=1ms,B=2', 'give all costs with a unit of time, or none'],
    ['B=2,W=3', 'I = B − W comes out as -1'],
    ['SEND_F=1', 'need at least one of F, B, I and W'],
  ])('--costs refuses %s', async (costs, message) => {
    const sizes = ['--stages', '2', '--micro-batches', '2'];
    const { code, stderr } = await ipuPipeline('schedule', '1f1b', ...sizes, '--costs', costs);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
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
    [
      'chunks where there are none',
      null,
      ['1f1b', '--stages', '4', '--micro-batches', '4', '--chunks', '2'],
      'one stage',
    ],
    ['chunks of a file', '0F0\n', ['FILE', '--chunks', '2'], 'leave --chunks out'],
    [
      'links without times',
      '0F0\n1F0\n',
      ['FILE', '--link-latency-ns', '5'],
      'give --costs with a unit of time',
    ],
    [
      'a link without a size',
      '0F0\n1F0\n',
      ['FILE', '--costs', 'F=1ms', '--link-gb-per-s', '5'],
      '--activation-bytes is missing',
    ],
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
