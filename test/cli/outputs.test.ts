import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeModel } from '../model-directory.js';
import { allCommands } from './commands.js';
import { ipuPipeline } from './run.js';

const CLI = resolve(import.meta.dirname, '../../dist/src/cli/main.js');

let folder: string;
const at = (name: string): string => join(folder, name);
const models = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-outputs-'));
  await writeFile(at('ipu_config.json'), '{"layers_per_ipu": [1, 1], "gradient_accumulation_steps": 4}');
  await writeFile(at('squad.json'), SQUAD);
  const { stdout } = await ipuPipeline('simulate', '--json');
  await writeFile(at('simulation.json'), stdout);
  const kinds = Object.values(ARGUMENTS).flatMap(({ model }) => model ?? []);
  for (const kind of new Set(kinds)) {
    models.set(kind, await writeModel({ config: { architectures: [`BertFor${kind}`] } }));
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  for (const directory of models.values()) await rm(directory, { recursive: true });
});

const SQUAD = JSON.stringify({
  version: '1.1',
  data: [
    {
      title: 't',
      paragraphs: [
        {
          context: 'the red fox jumps',
          qas: [{ id: 'a', question: 'who ?', answers: [{ text: 'fox', answer_start: 8 }] }],
        },
      ],
    },
  ],
});

interface Arguments {
  /** What is given to the command in any case. */
  readonly args: readonly string[];
  /** Kind of the model that it runs. */
  readonly model?: string;
  /** A file that it reads, as the arguments name it. */
  readonly reads?: readonly [file: string, ...args: readonly string[]];
  /** It prints nothing where all is well. */
  readonly isSilent?: true;
}

const SMALL = ['--model', 'synthetic:bert-tiny', '--system', 'pod4'];

/** The least that each command needs. */
const ARGUMENTS: Readonly<Record<string, Arguments>> = {
  bench: {
    args: ['--model', 'synthetic:bert-tiny', '--seq-len', '8', '--micro-batches', '1', '--no-single'],
    reads: ['ipu_config.json', '--config', 'ipu_config.json'],
  },
  answer: { args: ['--question', 'who ?', '--context', 'the red fox'], model: 'QuestionAnswering' },
  classify: { args: ['--text', 'the fox'], model: 'SequenceClassification' },
  label: { args: ['--text', 'the fox'], model: 'TokenClassification' },
  choose: { args: ['--prompt', 'fox', '--choice', 'the', 'red'], model: 'MultipleChoice' },
  fill: { args: ['--text', 'the [MASK]'], model: 'MaskedLM' },
  embed: { args: ['--text', 'the fox'], model: 'QuestionAnswering' },
  'next-sentence': { args: ['--first', 'the', '--second', 'fox'], model: 'NextSentencePrediction' },
  'eval squad': { args: [], model: 'QuestionAnswering', reads: ['squad.json', 'squad.json'] },
  'config show': { args: ['bert-large-ipu'] },
  schedule: { args: ['gpipe', '--stages', '2', '--micro-batches', '2'] },
  'schedule compare': { args: ['gpipe', '1f1b', '--stages', '2', '--micro-batches', '2'] },
  simulate: { args: SMALL, reads: ['ipu_config.json', '--config', 'ipu_config.json'] },
  plan: { args: SMALL, reads: ['ipu_config.json', '--config', 'ipu_config.json'] },
  profile: {
    args: ['--model', 'synthetic:bert-tiny', '--seq-len', '8', '--micro-batch', '1', '--max-seconds', '1'],
  },
  sweep: { args: ['--vary', 'microBatch=1'] },
  report: {
    args: ['--trace', '/dev/null'],
    reads: ['simulation.json', 'simulation.json'],
    isSilent: true,
  },
  playground: { args: [], reads: ['ipu_config.json', '--config', 'ipu_config.json'] },
  doctor: { args: [] },
};

/** The arguments of a command, with paths in the test's folder. */
function argsOf(name: string): string[] {
  const { args, model, reads } = ARGUMENTS[name]!;
  const [, ...given] = reads ?? [''];
  const paths = given.map((each) => (each.endsWith('.json') ? at(each) : each));
  return [...name.split(' '), ...args, ...paths, ...(model ? ['--model', models.get(model)!] : [])];
}

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** @param stdout a file, a device, or `closed`: nobody at its other end */
function withStdout(stdout: string, ...args: string[]): Promise<Ended> {
  return new Promise((done, failed) => {
    const out = stdout === 'closed' ? 'pipe' : openSync(stdout, 'w');
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', out, 'pipe'], cwd: folder });
    child.stdout?.destroy();
    let stderr = '';
    child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', failed);
    child.on('close', (code) => done({ code, stderr }));
  });
}

/** A clear error of the user's, and nothing else. */
function expectRefusal({ code, stderr }: Ended, file: string): void {
  expect(stderr).toMatch(/^ipu-pipeline: /m);
  expect(stderr).toContain(file);
  expect(stderr).not.toMatch(/bug in ipu-pipeline|\n\s+at /);
  expect(code).toBe(2);
}

const commands = await allCommands();

it('all commands are tried here: give a new one the arguments that it needs', () => {
  expect(commands.map(({ name }) => name).sort()).toEqual(Object.keys(ARGUMENTS).sort());
});

describe.each(commands)('ipu-pipeline $name', ({ name, outputs }) => {
  const { isSilent, reads } = ARGUMENTS[name]!;
  it.each(isSilent ? [] : ['/dev/full', 'closed'])('ends clearly where stdout is %s', async (stdout) => {
    expectRefusal(await withStdout(stdout, ...argsOf(name)), 'cannot write stdout');
  });

  if (outputs.length === 0) return;

  it('refuses a place where no file can be made, before it works', async () => {
    await writeFile(at('file'), 'old');
    for (const output of outputs) {
      const places = [at('file/below'), '/proc/sys/x'];
      const ended = await Promise.all(
        places.map((place) => withStdout('/dev/null', ...argsOf(name), output, place)),
      );
      places.forEach((place, each) => expectRefusal(ended[each]!, place));
    }
    expect(await readFile(at('file'), 'utf8')).toBe('old');
  });

  it('says of a disk that is full which file it was', async () => {
    for (const output of outputs) {
      const place = name === 'eval squad' ? at('full') : '/dev/full';
      if (place !== '/dev/full') await fullFolder(place);
      const file = place === '/dev/full' ? place : join(place, 'predictions.json');
      expectRefusal(await withStdout('/dev/null', ...argsOf(name), output, place), file);
    }
  });

  if (!reads) return;

  it('does not write over what it reads', async () => {
    const input = at(reads[0]);
    const before = await readFile(input, 'utf8');
    for (const output of outputs) {
      const places = name === 'eval squad' ? [await asResult(input)] : [input, at('linked')];
      await rm(at('linked'), { force: true });
      await symlink(input, at('linked'));
      for (const ended of await Promise.all(
        places.map((place) => withStdout('/dev/null', ...argsOf(name), output, place)),
      )) {
        expectRefusal(ended, 'which is read too');
      }
      expect(await readFile(input, 'utf8')).toBe(before);
    }
  });
});

/** A folder with a file of the results that is on a full disk. */
async function fullFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path);
  await symlink('/dev/full', join(path, 'predictions.json'));
}

/** A folder in which a result's name stands for the input. */
async function asResult(input: string): Promise<string> {
  await rm(at('results'), { recursive: true, force: true });
  await mkdir(at('results'));
  await symlink(input, at('results/metrics.json'));
  return at('results');
}

describe('a file that is written', () => {
  it('replaces an older one in one step, through a link, with its mode', async () => {
    await copyFile(at('simulation.json'), at('old.html'));
    await symlink('old.html', at('link.html'));
    const { code } = await ipuPipeline('report', at('simulation.json'), '-o', at('link.html'));
    expect(code).toBe(0);
    expect(await readFile(at('old.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    expect((await readdir(folder)).filter((file) => file.startsWith('.'))).toEqual([]);
  });

  it('stays as it was where the run fails', async () => {
    await writeFile(at('trace.json'), 'old');
    const { code } = await ipuPipeline('report', at('ipu_config.json'), '--trace', at('trace.json'));
    expect(code).toBe(2);
    expect(await readFile(at('trace.json'), 'utf8')).toBe('old');
  });

  it('is refused where another flag means the same file', async () => {
    const args = ['report', at('simulation.json'), '-o', at('new'), '--trace', join(folder, '.', 'new')];
    const { code, stderr } = await ipuPipeline(...args);
    expect(stderr).toContain('--output and --trace would both write');
    expect(code).toBe(2);
  });
});
