import { once } from 'node:events';
import { get } from 'node:http';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportData } from 'ipu-pipeline/report';
import { ipuPipeline, startPipeline } from './run.js';

let folder: string;
const path = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-pages-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What a page was filled with. */
async function dataIn<T = ReportData>(file: string, id = 'report-data'): Promise<T> {
  const html = await readFile(file, 'utf8');
  const [, json] = new RegExp(`<script type="application/json" id="${id}">(.*?)</script>`, 's').exec(html)!;
  return JSON.parse(json!) as T;
}

interface Trace {
  readonly traceEvents: readonly { readonly ph: string; readonly name: string; readonly pid: number }[];
}
const traceIn = async (file: string): Promise<Trace> => JSON.parse(await readFile(file, 'utf8')) as Trace;
const slices = ({ traceEvents }: Trace, name: string): number =>
  traceEvents.filter((event) => event.ph === 'X' && event.name === name).length;

const SIZE = ['--stages', '4', '--micro-batches', '8'];

describe('schedule', () => {
  it('writes a page and a trace beside what it prints', async () => {
    const { code, stdout } = await ipuPipeline(
      ...['schedule', '1f1b', ...SIZE, '--html', path('1f1b.html'), '--trace', path('1f1b.json'), '--csv'],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^0F0,/);
    const page = await dataIn(path('1f1b.html'));
    expect(page.title).toBe('1f1b, 4 stages, 8 micro-batches');
    expect(page.timelines).toHaveLength(1);
    expect(page.timelines![0]!.run.nsPerStep).toBe(1);
    const trace = await traceIn(path('1f1b.json'));
    for (const name of ['0F0', '3F7', '0B7', '3B0']) expect(slices(trace, name)).toBe(1);
  });

  it('draws times where costs are times', async () => {
    const costs = ['--costs', 'F=1ms,B=2ms'];
    await ipuPipeline('schedule', '1f1b', ...SIZE, ...costs, '--html', path('times.html'));
    const page = await dataIn(path('times.html'));
    expect(page.timelines![0]!.run.nsPerStep).toBeUndefined();
    expect(page.time![0]!.unit).toBe('ms');
    const busy = page.time![0]!.bars[0]!.parts.filter(({ name }) => name === 'F' || name === 'B');
    expect(busy.map(({ value }) => value)).toEqual([8, 16]);
  });

  it('compares in one page', async () => {
    const html = path('compare.html');
    const { stdout } = await ipuPipeline(
      'schedule',
      'compare',
      'gpipe',
      'zbv',
      '--ranks',
      '4',
      '--micro-batches',
      '8',
      '--html',
      html,
    );
    const page = await dataIn(html);
    expect(page.timelines!.map(({ run }) => run.name)).toEqual(['gpipe', 'zbv']);
    for (const cell of page.comparison!.rows[1]!) expect(stdout).toContain(String(cell));
  });

  it.each(['--html', '--trace'])('says when %s cannot be written', async (option) => {
    const { code, stderr } = await ipuPipeline('schedule', 'gpipe', ...SIZE, option, path('no/such/folder'));
    expect(code).toBe(2);
    expect(stderr).toContain('Give');
    expect(stderr).toContain('no/such/folder');
  });
});

describe('simulate', () => {
  it('shows an IPU that holds nothing', async () => {
    const config = { layers_per_ipu: [12, 12, 0, 0], gradient_accumulation_steps: 16 };
    await writeFile(path('idle.json'), JSON.stringify(config));
    const args = ['--config', path('idle.json'), '--head', 'none', '--html', path('idle.html')];
    expect((await ipuPipeline('simulate', ...args)).code).toBe(0);
    const [memory] = (await dataIn(path('idle.html'))).memory!;
    expect(memory!.bars.map(({ detail }) => detail)).toEqual(['embedding, 12 layers', '12 layers', '', '']);
  });

  it('writes a page, and report makes the same of its JSON', async () => {
    const { code, stdout } = await ipuPipeline('simulate', '--html', path('simulate.html'), '--json');
    expect(code).toBe(0);
    const page = await dataIn(path('simulate.html'));
    expect(page.kind).toBe('simulated');
    expect(page.configuration!.attributes.some(({ name }) => name === 'layers_per_ipu')).toBe(true);
    expect(page.memory![0]!.bars.every(({ limit }) => limit! > 9e8)).toBe(true);
    expect(page.throughput!.map(({ isBase }) => isBase ?? false)).toEqual([true, false]);
    await writeFile(path('simulate.json'), stdout);
    const made = await ipuPipeline('report', path('simulate.json'), '-o', path('report.html'));
    expect(made).toEqual({ code: 0, stdout: '', stderr: '' });
    const { configuration: _, command, ...rest } = page;
    const { command: later, ...same } = await dataIn(path('report.html'));
    expect(same).toEqual(rest);
    expect(command).toMatch(/^ipu-pipeline simulate --html .* --json$/);
    expect(later).toMatch(/^ipu-pipeline report .* -o /);
  });

  it('says in a report when the file comes from another version', async () => {
    const { stdout } = await ipuPipeline('simulate', '--json');
    const other = JSON.parse(stdout) as { rates: { stepSeconds: number; sequencesPerSecond: number } };
    other.rates = { ...other.rates, stepSeconds: 1, sequencesPerSecond: 64 };
    await writeFile(path('other.json'), JSON.stringify(other));
    await ipuPipeline('report', path('other.json'), '-o', path('other.html'));
    const { warnings } = await dataIn(path('other.html'));
    expect(warnings!.at(-1)!.code).toBe('other-version');
    expect(warnings!.at(-1)!.text).toMatch(/The file says 64\.0 sequences\/s; this version/);
  });

  it('names a damaged file', async () => {
    await writeFile(path('damaged.json'), '{"format":"ipu-pipeline-simulation","version":1,"run":{}}');
    const { code, stderr } = await ipuPipeline('report', path('damaged.json'), '-o', path('damaged.html'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/damaged\.json: run\.model is missing/);
  });

  it('runs another schedule, and says which', async () => {
    const { stdout } = await ipuPipeline('simulate', '--schedule', 'interleaved-1f1b', '--chunks', '3');
    expect(stdout).toContain('interleaved-1f1b with 3 chunks, free-running');
    expect(stdout).not.toContain('cycles  ');
  });

  it.each([
    [['--schedule', 'fill-drain'], /schedule of inference/],
    [['--chunks', '2'], /give --schedule/],
    [['--schedule', 'sequential', '--mode', 'inference', '--execution', 'sharded'], /order of its own/],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await ipuPipeline('simulate', ...flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('playground', () => {
  it('is served until it is stopped', async () => {
    const child = startPipeline('playground', '--system', 'bow-pod16');
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const [url] = /http:\S+/.exec(line.toString())!;
      const page = await fetch(url);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(await page.text()).toContain('"system":"bow-pod16"');
      expect((await fetch(`${url}other`)).status).toBe(404);
      expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
      expect((await fetch(url, { method: 'POST' })).status).toBe(405);
      expect(await statusBy('evil.example', Number(new URL(url).port))).toBe(421);
      expect(await statusBy('localhost', Number(new URL(url).port))).toBe(200);
      child.kill('SIGINT');
      const [code] = (await once(child, 'exit')) as [number];
      expect(code).toBe(130);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is written as a file, below 500 kB', async () => {
    const file = path('playground.html');
    const { code, stdout } = await ipuPipeline(
      'playground',
      '-o',
      file,
      '--config',
      'bert-base-ipu',
      '--model',
      'bert-base',
    );
    expect(code).toBe(0);
    expect(stdout).toContain(file);
    expect((await stat(file)).size).toBeLessThan(500_000);
    const start = await dataIn<{ model: string; config: { text: string } }>(file, 'playground-start');
    expect(start.model).toBe('bert-base');
    expect(JSON.parse(start.config.text)).toHaveProperty('layers_per_ipu');
  });

  it('opens with the model of a config.json', async () => {
    const [model, file] = [path('tiny.json'), path('tiny.html')];
    const sizes = { hidden_size: 64, num_hidden_layers: 3, num_attention_heads: 4, vocab_size: 99 };
    await writeFile(model, JSON.stringify({ model_type: 'gpt', ...sizes }));
    const config = path('three.json');
    await writeFile(config, JSON.stringify({ layers_per_ipu: [1, 2], ipus_per_replica: 2 }));
    const flags = ['-o', file, '--model', model, '--config', config];
    expect((await ipuPipeline('playground', ...flags)).code).toBe(0);
    const start = await dataIn<{ model: object }>(file, 'playground-start');
    expect(start.model).toMatchObject({ name: model, layers: 3, hiddenSize: 64 });
  });

  it.each([
    [['--model', 'nosuch'], /no model nosuch/],
    [['--system', 'nosuch'], /no system nosuch/],
    [['--config', 'nosuch'], /no file, directory or preset nosuch/],
    [['--port', '65536'], /go up to 65535/],
    [['-o', '/no/such/folder/page.html'], /cannot write \/no\/such\/folder\/page\.html/],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await ipuPipeline('playground', ...flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

/** The status for a request that names another host: fetch does not let one say that. */
function statusBy(host: string, port: number): Promise<number | undefined> {
  return new Promise((done, failed) => {
    get({ host: '127.0.0.1', port, headers: { host } }, ({ statusCode }) => done(statusCode)).on(
      'error',
      failed,
    );
  });
}
