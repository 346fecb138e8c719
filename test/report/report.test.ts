import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchmarkReport } from 'ipu-pipeline/machine';
import type { ReportData } from 'ipu-pipeline/report';
import { ACTIVITIES, activityPaint, decodeSpans } from 'ipu-pipeline/internals';
import { ipuPipeline } from '../cli/run.js';
import { sampleReport } from './sample-report.js';

let folder: string;
const path = (name: string): string => join(folder, name);

/** One small benchmark, in every form that it can be written. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-report-'));
  await writeFile(path('two.json'), '{"layers_per_ipu": [1, 1]}');
  const outputs = ['json', 'html', 'trace', 'record'].flatMap((kind) => [`--${kind}`, path(`run.${kind}`)]);
  const small = ['--model', 'synthetic:bert-tiny', '--seq-len', '16', '--micro-batches', '6'];
  const { code, stderr } = await ipuPipeline('bench', '--config', path('two.json'), ...small, ...outputs);
  expect(stderr).not.toContain('ipu-pipeline:');
  expect(code).toBe(0);
});
afterAll(() => rm(folder, { recursive: true }));

const readJson = async (name: string): Promise<unknown> => JSON.parse(await readFile(path(name), 'utf8'));

/** The data that a page carries. */
async function dataOf(name: string): Promise<ReportData> {
  const html = await readFile(path(name), 'utf8');
  const [, json = ''] = /<script type="application\/json" id="report-data">([\s\S]*?)<\/script>/.exec(html)!;
  return JSON.parse(json) as ReportData;
}

describe('ipu-pipeline report', () => {
  it('makes the page that bench would have made, from its JSON', async () => {
    const { code } = await ipuPipeline('report', path('run.json'), '-o', path('from-json.html'));
    expect(code).toBe(0);
    expect(await readFile(path('from-json.html'), 'utf8')).toBe(await readFile(path('run.html'), 'utf8'));
    // Whoever makes it again, the figures were made by bench.
    expect((await dataOf('from-json.html')).command).toMatch(/^ipu-pipeline bench --config /);
  });

  it('makes the trace that bench would have made, from its recording', async () => {
    const { code } = await ipuPipeline('report', path('run.record'), '--trace', path('from-recording.json'));
    expect(code).toBe(0);
    expect(await readFile(path('from-recording.json'), 'utf8')).toBe(
      await readFile(path('run.trace'), 'utf8'),
    );
  });

  it('shows the figures of the benchmark', async () => {
    const report = (await readJson('run.json')) as BenchmarkReport;
    const data = await dataOf('run.html');
    expect(data.throughput!.map(({ sequencesPerSecond }) => sequencesPerSecond)).toEqual(
      report.runs.map(({ sequencesPerSecond }) => sequencesPerSecond),
    );
    const pipeline = report.runs.at(-1)!;
    const window = (pipeline.activity.seconds * 1e3) / pipeline.activity.microBatches;
    for (const { parts } of data.time![0]!.bars) {
      const whole = parts.reduce((sum, { value }) => sum + value, 0);
      expect(whole / window).toBeCloseTo(1, 1);
    }
    const counted = data.latency!.map(({ histogram }) => histogram!.counts.reduce((a, b) => a + b, 0));
    expect(counted).toEqual(report.runs.map(() => report.settings.microBatches));
    expect(data.configuration!.attributes.find(({ name }) => name === 'layers_per_ipu')).toMatchObject({
      value: '[1,1]',
      source: 'given',
    });
    expect(data.verdict).toMatch(
      /^synthetic:bert-tiny as a pipeline of 2 stages does .* sequences\/s on \d+ cores: (faster than one device .*, and|(slower than|as fast as) one device .*, because) it is bound by .*\.$/,
    );
    // One order everywhere.
    const names = ['one device, 1 thread', 'one device, 2 threads', 'pipeline, 2 stages'];
    expect(data.timelines!.map(({ run }) => run.name)).toEqual(names);
    expect(data.throughput!.map(({ name }) => name)).toEqual(names);
    expect(data.latency!.map(({ name }) => name)).toEqual(names);
    expect(data.tables![0]!.rows.map(([name]) => name)).toEqual(names);
  });

  it('takes the timelines of a recording, which holds every span', async () => {
    const files = ['-o', path('with-spans.html'), '--spans', path('run.record')];
    const { code } = await ipuPipeline('report', path('run.json'), ...files);
    expect(code).toBe(0);
    const { timelines } = await dataOf('with-spans.html');
    const own = (await dataOf('run.html')).timelines!;
    const counts = (of: typeof own): number[] => of.map(({ spans }) => spans.count).sort();
    expect(counts(timelines!)).toEqual(counts(own));
  });

  it('makes a page of a recording alone', async () => {
    const { code } = await ipuPipeline('report', path('run.record'), '-o', path('recording.html'));
    expect(code).toBe(0);
    const { time, timelines } = await dataOf('recording.html');
    expect(timelines).toHaveLength(3);
    expect(time).toHaveLength(3);
  });

  it('keeps every text within its place, whatever it holds', async () => {
    await writeFile(path('sample.json'), JSON.stringify(await sampleReport()));
    const { code } = await ipuPipeline('report', path('sample.json'), '-o', path('sample.html'));
    expect(code).toBe(0);
    const html = await readFile(path('sample.html'), 'utf8');
    expect(html).not.toContain('<script>alert');
    expect(html).not.toContain('<img src=x');
    expect(html.match(/<script/g)).toHaveLength(2);
    expect((await dataOf('sample.html')).title).toBe('bert-large </script><script>alert("title")</script>');
  });

  it('is self-contained and small', async () => {
    const html = await readFile(path('run.html'), 'utf8');
    expect(html.length).toBeLessThan(500_000);
    expect(html).not.toMatch(/(src|href)=/);
    expect(html).not.toMatch(/@import|url\(/);
  });

  it.each([
    ['nothing to write', [], 'there is nothing to write'],
    ['a file that is not there', ['-o', 'x.html'], 'cannot read', 'missing.json'],
    ['JSON of something else', ['-o', 'x.html'], 'is no report', 'two.json'],
    ['a page in a folder that is not there', ['-o', '/no/such/folder/x.html'], '/no/such/folder/x.html'],
    [
      'a trace in a folder that is not there',
      ['--trace', '/no/such/folder/x.json'],
      '/no/such/folder/x.json',
    ],
  ])('refuses %s with exit code 2', async (_, args, message, file = 'run.json') => {
    const { code, stdout, stderr } = await ipuPipeline('report', path(file), ...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it.each([
    [
      'spans that are cut short',
      (text: string) => text.replace(/("deflated": ".{20})[^"]*"/, '$1"'),
      'damaged.json: timelines.0.spans: the encoded spans cannot be unpacked',
    ],
    ['no runs', (text: string) => text.replace('"runs"', '"walks"'), 'damaged.json: runs is missing'],
    ['half of its text', (text: string) => text.slice(0, text.length / 2), 'is not valid JSON'],
    ['a later version', (text: string) => text.replace('"version": 1', '"version": 2'), 'version 2'],
  ])('refuses a report with %s', async (_, damage, message) => {
    await writeFile(path('damaged.json'), damage(await readFile(path('run.json'), 'utf8')));
    const { code, stderr } = await ipuPipeline('report', path('damaged.json'), '-o', path('x.html'));
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe('bench --predict', () => {
  it('puts predicted runs beside the measured ones, in the page and in the trace', async () => {
    const outputs = ['--html', path('predicted.html'), '--trace', path('predicted.trace')];
    const small = [
      '--model',
      'synthetic:bert-tiny',
      '--seq-len',
      '16',
      '--micro-batches',
      '6',
      '--no-single',
    ];
    const args = ['bench', '--config', path('two.json'), ...small, '--predict', ...outputs];
    expect((await ipuPipeline(...args)).code).toBe(0);
    const names = ['pipeline, 2 stages', 'pipeline, 2 stages, predicted'];
    const { kind, timelines, throughput } = await dataOf('predicted.html');
    expect(kind).toBe('measured and simulated');
    expect(timelines!.map(({ run }) => [run.name, run.kind])).toEqual([
      [names[0], 'measured'],
      [names[1], 'simulated'],
    ]);
    expect(timelines![1]!.spans.count).toBeGreaterThan(2 * 6);
    expect(throughput!.map(({ name }) => name)).toEqual(names);
    const trace = (await readJson('predicted.trace')) as {
      traceEvents: { name: string; args: { name: string } }[];
    };
    const processes = trace.traceEvents.filter(({ name }) => name === 'process_name');
    expect(processes.map(({ args }) => args.name)).toEqual([
      'pipeline, 2 stages (measured), replica 0',
      'pipeline, 2 stages, predicted (simulated), replica 0',
    ]);
  }, 180_000);
});

describe('timelines in the JSON of bench', () => {
  it('hold every action of every run', async () => {
    const report = (await readJson('run.json')) as BenchmarkReport & Pick<ReportData, 'timelines'>;
    const { warmUp, microBatches, coolDown } = report.settings;
    for (const [at, { run, spans }] of report.timelines!.entries()) {
      const { kinds, rows } = await decodeSpans(spans);
      const actions = rows.flatMap(({ kind }) => [...kind]).filter((kind) => kinds[kind]!.kind === 'action');
      expect(actions).toHaveLength(run.stages.length * (warmUp + microBatches + coolDown));
      expect(run.name).toBe(report.runs[at]!.name);
    }
  });
});

describe('the palette', () => {
  it('has colours for every activity, and waiting differs from work', () => {
    for (const activity of ACTIVITIES) {
      const { light, dark, cname } = activityPaint(activity);
      expect(light).toMatch(/^#[0-9a-f]{6}$/);
      expect(dark).toMatch(/^#[0-9a-f]{6}$/);
      expect(cname).toMatch(/^[a-z_]+$/);
    }
    expect(activityPaint('of a later version').light).toMatch(/^#/);
  });
});
