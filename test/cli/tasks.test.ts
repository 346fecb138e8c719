import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeModel } from '../model-directory.js';
import { ipuPipeline, startPipeline } from './run.js';

const written: string[] = [];
afterAll(() => Promise.all(written.map((directory) => rm(directory, { recursive: true }))));

async function model(architecture: string, config: Record<string, unknown> = {}): Promise<string> {
  const directory = await writeModel({ config: { architectures: [architecture], ...config } });
  written.push(directory);
  return directory;
}

async function file(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ipu-pipeline-lines-'));
  written.push(directory);
  const path = join(directory, 'lines.jsonl');
  await writeFile(path, text);
  return path;
}

/** A command, the model that it needs, one input as flags and the same as a line, and a key of its result. */
const COMMANDS = [
  ['answer', 'QuestionAnswering', { question: 'who ?', context: 'the red fox jumps' }, 'nBest'],
  ['classify', 'SequenceClassification', { text: 'the red fox', pair: 'jumps' }, 'scores'],
  ['label', 'TokenClassification', { text: 'the red fox jumps' }, 'entities'],
  ['choose', 'MultipleChoice', { prompt: 'the red fox', choices: ['jumps', 'sleeps'] }, 'choice'],
  ['fill', 'MaskedLM', { text: 'the red [MASK] jumps' }, 'masks'],
  ['embed', 'QuestionAnswering', { text: 'the red fox' }, 'embedding'],
  ['next-sentence', 'NextSentencePrediction', { first: 'the red fox', second: 'jumps' }, 'isNext'],
] as const;

const flagsOf = (input: Readonly<Record<string, string | readonly string[]>>): string[] =>
  Object.entries(input).flatMap(([key, value]) =>
    typeof value === 'string' ? [`--${key}`, value] : ['--choice', ...value],
  );

describe.each(COMMANDS)('ipu-pipeline %s', (command, kind, input, key) => {
  let directory: string;
  beforeAll(async () => {
    directory = await model(`BertFor${kind}`);
  });

  it('gives the same result for one input, for a line, and cut into stages', async () => {
    const config = await file('{"layers_per_ipu": [1, 3]}');
    const lines = await file(`${JSON.stringify({ ...input, id: 'a7' })}\n\n`);
    const run = (...args: string[]) => ipuPipeline(command, '--model', directory, '--json', ...args);
    const [single, line, cut, readable] = await Promise.all([
      run(...flagsOf(input)),
      run('--input', lines),
      run(...flagsOf(input), '--config', config),
      ipuPipeline(command, '--model', directory, ...flagsOf(input)),
    ]);
    expect(single).toMatchObject({ code: 0, stderr: '' });
    const result = JSON.parse(single.stdout) as Record<string, unknown>;
    expect(result).toHaveProperty(key);
    expect(JSON.parse(line.stdout)).toEqual({ line: 1, id: 'a7', ...result });
    expect(cut.stdout).toBe(single.stdout);
    expect(readable.code).toBe(0);
    expect(readable.stdout.trim()).not.toBe('');
    expect(() => JSON.parse(readable.stdout) as unknown).toThrow();
  });

  it('gives any id back, also with a line that cannot be run', async () => {
    const ids = [null, { a: [1] }, 0, false, '', [2]];
    const lines = await file(
      ids.map((id) => JSON.stringify({ ...input, id })).join('\n') + '\n{"id": null, "x": NaN}\n',
    );
    const { stdout } = await ipuPipeline(command, '--model', directory, '--json', '--input', lines);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: unknown; error?: object });
    expect(records.map(({ id }) => id)).toEqual([...ids, null]);
    expect(records.at(-1)!.error).toBeDefined();
  });

  it('reports a bad line by its number and goes on, or stops', async () => {
    const good = JSON.stringify(input);
    const lines = await file(`${good}\n{"nothing": 1}\n{${good}\n${good}\n`);
    const { code, stdout, stderr } = await ipuPipeline(
      command,
      '--model',
      directory,
      '--json',
      '--input',
      lines,
    );
    expect(code).toBe(0);
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; error?: { type: string } });
    expect(records.map(({ line }) => line)).toEqual([1, 2, 3, 4]);
    expect(records.map(({ error }) => error?.type)).toEqual([
      undefined,
      'InputError',
      'InputError',
      undefined,
    ]);
    expect(stderr).toMatch(/^line 2: .*each line must be/);
    expect(stderr).toContain('line 3: the line is no JSON');
    expect(stderr).toContain('2 of 4 lines could not be run');
    const strict = await ipuPipeline(command, '--model', directory, '--strict', '--input', lines);
    expect(strict.code).toBe(2);
    expect(strict.stdout).toMatch(/^1: /);
    expect(strict.stdout).not.toMatch(/^4: /m);
    expect(strict.stderr).toContain('ipu-pipeline: line 2: ');
  });

  it('wants one input or a file of them', async () => {
    const lines = await file('');
    const runs = await Promise.all([
      ipuPipeline(command, '--model', directory),
      ipuPipeline(command, '--model', directory, ...flagsOf(input), '--input', lines),
      ipuPipeline(command, '--model', directory, '--input', `${lines}.no`),
      ipuPipeline(command, '--model', directory, '--input', directory),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    expect(runs[0].stderr).toContain('--input');
    expect(runs[2].stderr).toContain(`${lines}.no`);
    expect(runs[3].stderr).toContain('is a directory');
    expect(await ipuPipeline(command, '--model', directory, '--input', lines)).toMatchObject({
      ...{ code: 0, stdout: '', stderr: '' },
    });
  });

  it('refuses a model with another head', async () => {
    const other = await model(kind === 'MaskedLM' ? 'BertForQuestionAnswering' : 'BertForMaskedLM');
    const { code, stderr } = await ipuPipeline(command, '--model', other, ...flagsOf(input));
    if (command === 'embed') expect(code).toBe(0);
    else
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining('head; this needs') as string,
      });
  });
});

describe('tasks on the command line', () => {
  it('refuse what cannot be run before anything is loaded', async () => {
    const directory = await model('BertForSequenceClassification');
    const long = 'the fox '.repeat(20);
    const cases: [string[], RegExp][] = [
      [['--text', ' '], /the text is empty/],
      [['--text', long], /has 42 pieces.*a row has at most 24.*--truncate/],
      [['--text', 'a', '--max-length', '25'], /25.*24 positions/],
      [['--text', 'a', '--micro-batch', '0'], /--micro-batch.*at least 1/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr, stdout } = await ipuPipeline('classify', '--model', directory, ...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(message);
    }
    const cut = await ipuPipeline('classify', '--model', directory, '--text', long, '--truncate');
    expect(cut.code).toBe(0);
  });

  it('say when no line at all can be run', async () => {
    const directory = await model('BertForSequenceClassification');
    const lines = await file('[]\n3\n');
    const { code, stderr } = await ipuPipeline('classify', '--model', directory, '--input', lines);
    expect(code).toBe(2);
    expect(stderr).toContain('none of the 2 lines');
  });

  it('end with 2 after a bad line where --exit-code asks for it', async () => {
    const directory = await model('BertForSequenceClassification');
    const [some, all] = [await file('"fox"\n3\n"red"\n'), await file('"fox"\n"red"\n')];
    const run = (lines: string): ReturnType<typeof ipuPipeline> =>
      ipuPipeline('classify', '--model', directory, '--exit-code', '--input', lines);
    const bad = await run(some);
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('1 of 3 lines') as string });
    expect(bad.stdout).toMatch(/^1: .*\n3: .*\n$/);
    expect(await run(all)).toMatchObject({ code: 0, stderr: '' });
  });

  it('take each line as a text with --lines', async () => {
    const directory = await model('BertForSequenceClassification');
    const [texts, json] = [await file('the "red" fox\r\n\n3\n'), await file('"the \\"red\\" fox"\n\n"3"\n')];
    const run = (...args: string[]): ReturnType<typeof ipuPipeline> =>
      ipuPipeline('classify', '--model', directory, '--json', '--input', ...args);
    const plain = await run(texts, '--lines');
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain).toEqual(await run(json));
    const lone = await ipuPipeline('classify', '--model', directory, '--text', 'fox', '--lines');
    expect(lone).toMatchObject({ code: 2, stderr: expect.stringContaining('--input') as string });
    const answer = await ipuPipeline('answer', '--model', directory, '--input', texts, '--lines');
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining("'--lines'") as string });
  });

  it.each(['missing.txt', 'texts/missing', 'texts\\missing', './x', 'a.jsonl'])(
    'refuse %s, which looks like a file and is none',
    async (name) => {
      const directory = await model('BertForTokenClassification');
      const { code, stdout, stderr } = await ipuPipeline('label', '--model', directory, '--text', name);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`--text ${JSON.stringify(name)} looks like a file, but there is none`);
    },
  );

  it.each(['fox', 'The fox.', 'e.g.', '3.14', 'and / or', '…'])('take %s for a text', async (text) => {
    const directory = await model('BertForTokenClassification');
    expect(await ipuPipeline('label', '--model', directory, '--text', text)).toMatchObject({ code: 0 });
  });

  it('take the name of a file, as such where a flag says so', async () => {
    const directory = await model('BertForTokenClassification');
    const named = await file('the red fox');
    const run = (...args: string[]): ReturnType<typeof ipuPipeline> =>
      ipuPipeline('label', '--model', directory, '--json', ...args);
    const text = await run('--text', 'the red fox');
    expect(text.code).toBe(0);
    expect(await run('--text', named)).toEqual(text);
    expect(await run('--text-file', named)).toEqual(text);
    const missing = await run('--text-file', 'no such file');
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('no such file') as string });
    const both = await run('--text-file', named, '--text', 'a');
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('not both') as string });
  });

  it('read a line that is no UTF-8 as a bad one', async () => {
    const directory = await model('BertForSequenceClassification');
    const lines = await file('');
    await writeFile(lines, Buffer.concat([Buffer.from('"'), Buffer.from([0xff]), Buffer.from('"\n"fox"')]));
    const { stdout, stderr } = await ipuPipeline('classify', '--model', directory, '--input', lines);
    expect(stderr).toContain('line 1: the line is not UTF-8');
    expect(stdout).toMatch(/^2: /);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('end on %s while they wait for more lines', async (signal, code) => {
    const directory = await model('BertForSequenceClassification');
    const child = startPipeline('classify', '--model', directory, '--input', '-');
    const closed = once(child, 'close');
    child.stdin.write('"the red fox"\n');
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^1: /);
    child.kill(signal);
    // stdin stays open: only the signal can end it.
    expect(await Promise.race([closed, later(20_000, ['still running'])])).toEqual([code, null]);
    child.stdin.end();
  });

  it('list the tensors that a task leaves aside', async () => {
    const directory = await model('BertForPreTraining');
    const args = ['--model', directory, '--text', 'a', '--verbose'];
    const { code, stderr } = await ipuPipeline('embed', ...args);
    expect(code).toBe(0);
    expect(stderr).toContain('  cls.seq_relationship.weight\n');
    expect(stderr).toContain('  bert.pooler.dense.weight\n');
    expect(stderr).not.toContain('embeddings');
  });
});
