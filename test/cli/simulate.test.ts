import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IpuConfig } from 'ipu-pipeline';
import { comparePoints, parsePoints } from 'ipu-pipeline/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shared } from '../shared-data.js';
import { ipuPipeline } from './run.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-simulate-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await ipuPipeline(...args, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as T;
}

interface Simulated {
  readonly rates: { readonly rowsPerSecond: number; readonly stepSeconds: number };
  readonly fits: boolean;
  readonly memory: readonly unknown[];
  readonly advice?: readonly { readonly change: string }[];
}

describe('ipu-pipeline simulate', () => {
  it('says throughput, time, memory and what bounds a run', async () => {
    const { code, stdout } = await ipuPipeline('simulate', '--system', 'bow-pod16', '--micro-batch', '2');
    expect(code).toBe(0);
    for (const word of [
      'throughput',
      'weight update',
      'bubble',
      'of peak',
      'fits',
      'bound by',
      'weights',
      'all-reduce',
    ]) {
      expect(stdout).toContain(word);
    }
    expect(stdout).toContain('4 × 4 IPUs bow');
  });

  it('packs sequences by their lengths, and says what that is worth', async () => {
    const file = join(folder, 'lengths.csv');
    await writeFile(file, 'length,count\n300,1\n84,1\n128,3\n');
    interface Packed extends Simulated {
      readonly packing: Readonly<Record<string, number>>;
      readonly run: { readonly sequencesPerRow: number };
    }
    for (const [command, ...args] of [['simulate'], ['plan', '--micro-batch', '2']] as const) {
      const plain = await ipuPipeline(command, ...args, '--lengths', file);
      expect(plain.stdout).toMatch(/LPFHP.*5 sequences lie in 2 rows of 384 tokens/s);
      expect(plain.stdout).toContain('worth 2.50 ×');
      const all = await json<Packed & { readonly after?: Packed }>(command, ...args, '--lengths', file);
      const { run, rates } = all.after ?? all;
      expect(run.sequencesPerRow).toBe(2.5);
      expect(all.packing).toMatchObject({ sequences: 5, rows: 2, speedUp: 2.5, efficiency: 1 });
      expect(all.packing['paddedSequencesPerSecond']).toBe(rates.rowsPerSecond);
    }
    for (const [args, message] of [
      [['--lengths', file, '--seq-len', '128'], '1 sequence is longer than a row of 128 tokens'],
      [['--lengths', 'nowhere'], 'published lengths of that name; those are: squad, wikipedia'],
      [['--max-sequences-per-row', '3'], 'give --lengths too'],
      [['--lengths', file, '--points', file], 'leave it or --points out'],
    ] as const) {
      const { code, stderr } = await ipuPipeline('simulate', ...args);
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }
  });

  it('gives JSON, the same each time', async () => {
    const args = ['simulate', '--mode', 'inference', '--seq-len', '128', '--device-iterations', '16'];
    const first = await json<Simulated>(...args);
    expect(first.fits).toBe(true);
    expect(first.memory).toHaveLength(4);
    expect(await json(...args)).toEqual(first);
    const slower = await json<Simulated>(...args, '--set', 'chip.ampEfficiency=0.4');
    expect(slower.rates.rowsPerSecond).toBeLessThan(first.rates.rowsPerSecond);
  });

  it('advises a run that does not fit', async () => {
    const result = await json<Simulated>('simulate', '--micro-batch', '16');
    expect(result.fits).toBe(false);
    expect(result.advice!.map(({ change }) => change)).toContain('--micro-batch 8');
    const { stdout } = await ipuPipeline('simulate', '--micro-batch', '16');
    expect(stdout).toContain('does not fit');
    expect(stdout).toContain('each change tried by itself');
  });

  it.skipIf(!shared.available)('predicts measured runs, in the documented form', async () => {
    const file = shared.path('ipu/points.json');
    const result = await json('simulate', '--points', file);
    const points: unknown = JSON.parse(await readFile(file, 'utf8'));
    expect(result).toEqual(comparePoints(parsePoints(points)));
    const { stdout } = await ipuPipeline('simulate', '--points', file);
    expect(stdout).toMatch(/mean error [\d.]+ %, worst [\d.]+ %/);
  });

  it.each([
    [['--system', 'pod17'], 'There is no system pod17'],
    [['--model', 'bert-huge'], 'There is no model bert-huge'],
    [['--set', 'chip.magic=1'], 'There is no figure chip.magic'],
    [['--set', 'chip.clockHz'], 'must look like chip.ampEfficiency=0.4'],
    [['--gradient-accumulation', '2'], 'must be greater than or equal to the number of pipeline stages (7)'],
    [['--replicas', '9'], '9 replicas of 4 IPUs are 36, but pod16 has 16'],
    [['--model', 'bert-base'], 'layers_per_ipu'],
    [['--fit', 'chip.ampEfficiency'], '--fit needs measured runs'],
    [['--points', 'no-such-file.json'], 'no-such-file.json'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr, stdout } = await ipuPipeline('simulate', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
  });

  it('names id and field of a wrong point', async () => {
    const file = join(folder, 'points.json');
    await writeFile(file, '[{"id": "mine", "mode": "dreaming"}]');
    const { code, stderr } = await ipuPipeline('simulate', '--points', file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Point mine: \w/);
  });

  it('reads the sizes of any model from its config.json', async () => {
    const file = join(folder, 'config.json');
    const gpt = {
      n_embd: 768,
      n_layer: 24,
      n_head: 12,
      vocab_size: 50257,
      n_positions: 1024,
      architectures: ['GPT2LMHeadModel'],
    };
    await writeFile(file, JSON.stringify(gpt));
    const result = await json<Simulated & { run: { model: { head: string } } }>('simulate', '--model', file);
    expect(result.run.model.head).toBe('causal-lm');
    await writeFile(file, JSON.stringify({ ...gpt, n_layer: 'many' }));
    const { code, stderr } = await ipuPipeline('simulate', '--model', file);
    expect(code).toBe(2);
    expect(stderr).toContain('n_layer must be a whole number');
  });
});

describe('ipu-pipeline plan', () => {
  const args = ['--system', 'pod16', '--micro-batch', '2', '--gradient-accumulation', '64'];

  it('writes a configuration that simulate agrees with', async () => {
    const file = join(folder, 'ipu_config.json');
    const { code, stdout } = await ipuPipeline('plan', ...args, '--output', folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/best split: \[\d/);
    const written = new IpuConfig(JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>);
    expect(written.get('layers_per_ipu').reduce((a, b) => a + b)).toBe(24);
    const plan = await json<{ after: Simulated; before: Simulated }>('plan', ...args);
    const again = await json<Simulated>('simulate', '--config', file, ...args);
    expect(again.rates).toEqual(plan.after.rates);
    expect(plan.after.rates.rowsPerSecond).toBeGreaterThan(plan.before.rates.rowsPerSecond);
  });

  it('takes the best number of IPUs, of those that PopTorch reserves', async () => {
    type Plan = { readonly after: Simulated & { readonly run: { readonly ipusPerReplica: number } } };
    const of = async (ipus: string): Promise<Plan['after']> =>
      (await json<Plan>('plan', ...args, '--ipus-per-replica', ipus)).after;
    const [best, ...others] = await Promise.all(['auto', '4', '8'].map(of));
    expect([1, 2, 4, 8, 16]).toContain(best!.run.ipusPerReplica);
    for (const { rates } of others)
      expect(best!.rates.rowsPerSecond).toBeGreaterThanOrEqual(rates.rowsPerSecond);
  });

  it('refuses what cannot be planned or written', async () => {
    const none = await ipuPipeline('plan', ...args, '--ipus-per-replica', '1');
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('No split');
    const nowhere = await ipuPipeline('plan', ...args, '--output', join(folder, 'no/such/folder/file.json'));
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain('cannot write');
  });
});

describe('ipu-pipeline sweep', () => {
  it('simulates every combination, in a table and as CSV', async () => {
    const vary = ['--vary', 'microBatch=1,2', '--vary', 'gradientAccumulation=2,16,64'];
    const table = await ipuPipeline('sweep', ...vary);
    expect(table.code).toBe(0);
    expect(table.stdout).toContain('fastest');
    const { stdout } = await ipuPipeline('sweep', ...vary, '--csv');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 6);
    expect(lines[0]).toMatch(/^microBatch,gradientAccumulation,sequences_per_second/);
    expect(lines[1]).toContain('gradientAccumulation must be greater');
    const { rows } = await json<{ rows: readonly { simulation?: Simulated }[] }>('sweep', ...vary);
    expect(rows.map(({ simulation }) => simulation !== undefined)).toEqual([
      false,
      true,
      true,
      false,
      true,
      true,
    ]);
  });

  it.each([
    [['--vary', 'wheels=1'], 'wheels cannot be varied'],
    [['--vary', 'microBatch=1,x'], 'microBatch cannot be x'],
    [['--vary', 'microBatch'], 'must look like microBatch=1,2,4'],
    [[], '--vary'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await ipuPipeline('sweep', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
