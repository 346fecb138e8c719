import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSquad, squadV1Result } from 'ipu-pipeline/tasks';
import { writeModel } from '../model-directory.js';
import { ipuPipeline } from './run.js';

const CONTEXT = 'the red fox jumps over the lazy dog , and then the dog sleeps . ';
const QUESTIONS = 12;
let model: string;
let folder: string;
let v1: string;
let v2: string;

/** `count` questions on texts of several lengths; every third has no answer in version 2. */
function squad(version: string, count = QUESTIONS): string {
  const qas = (at: number): object => ({
    id: `q${at}`,
    question: ['who jumps ?', 'where ?', 'the dog sleeps where ?'][at % 3],
    answers: version === 'v2.0' && at % 3 === 0 ? [] : [{ text: 'The red fox', answer_start: 0 }],
  });
  const paragraphs = Array.from({ length: count }, (_, at) => ({
    context: CONTEXT.repeat(1 + (at % 4)),
    qas: [qas(at)],
  }));
  return JSON.stringify({ version, data: [{ title: 'T', paragraphs }] });
}

beforeAll(async () => {
  model = await writeModel();
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-eval-'));
  [v1, v2] = [join(folder, 'v1.json'), join(folder, 'v2.json')];
  await writeFile(v1, squad('1.1'));
  await writeFile(v2, squad('v2.0'));
});
afterAll(async () => {
  await Promise.all([model, folder].map((path) => rm(path, { recursive: true })));
});

const evaluate = (file: string, output: string, ...args: string[]): ReturnType<typeof ipuPipeline> =>
  ipuPipeline('eval', 'squad', file, '--model', model, '--output', join(folder, output), ...args);

async function results(output: string): Promise<Record<string, string>> {
  const names = (await readdir(join(folder, output))).filter((name) => name.endsWith('.json')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, output, name), 'utf8')));
  return Object.fromEntries(names.map((name, at) => [name, texts[at]!]));
}

describe('ipu-pipeline eval squad', () => {
  it('prints EM and F1 of the predictions that it writes', async () => {
    const { code, stdout } = await evaluate(v1, 'plain');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\{"exact_match": \d+\.\d+, "f1": \d+\.\d+\}\n$/);
    const files = await results('plain');
    const predictions = JSON.parse(files['predictions.json']!) as Record<string, string>;
    const nBest = JSON.parse(files['nbest_predictions.json']!) as Record<string, { text: string }[]>;
    const { questions } = parseSquad(squad('1.1'), 'v1');
    expect(Object.keys(predictions)).toEqual(questions.map(({ id }) => id));
    for (const { id, context } of questions) {
      expect(context).toContain(predictions[id]);
      expect(nBest[id]![0]!.text).toBe(predictions[id]);
    }
    expect(JSON.parse(stdout)).toEqual(squadV1Result(questions, new Map(Object.entries(predictions))));
    expect(files).not.toHaveProperty('null_odds.json');
  });

  it('scores an empty question or context, and goes on', async () => {
    const qas = [
      { id: 'a', question: ' ', answers: [{ text: 'fox' }] },
      { id: 'b', question: 'who ?', answers: [] },
    ];
    const paragraphs = [
      { context: CONTEXT, qas },
      { context: '', qas: [{ id: 'c', question: '', answers: [] }] },
    ];
    const path = join(folder, 'empty.json');
    await writeFile(path, JSON.stringify({ version: 2.0, data: [{ paragraphs }] }));
    const run = await evaluate(path, 'empty');
    expect(run).toMatchObject({ code: 0 });
    const predictions = JSON.parse((await results('empty'))['predictions.json']!) as object;
    expect(Object.keys(predictions)).toEqual(['a', 'b', 'c']);
  });

  it('measures SQuAD 2.0 with null odds and the best thresholds', async () => {
    const { code, stdout } = await evaluate(v2, 'two', '--json');
    expect(code).toBe(0);
    const { metrics, throughput, version } = JSON.parse(stdout) as Record<string, object>;
    expect(version).toBe('2.0');
    expect(metrics).toMatchObject({ total: QUESTIONS, HasAns_total: 8, NoAns_total: 4 });
    expect(metrics).toHaveProperty('best_f1_thresh');
    expect((throughput as { samples: number }).samples).toBeGreaterThan(QUESTIONS);
    const files = await results('two');
    const odds = JSON.parse(files['null_odds.json']!) as Record<string, number>;
    const predictions = JSON.parse(files['predictions.json']!) as Record<string, string>;
    for (const [id, text] of Object.entries(predictions)) expect(text === '').toBe(odds[id]! > 0);
  });

  it('answers the same whatever cuts the model', async () => {
    const config = join(folder, 'split.json');
    await writeFile(config, '{"layers_per_ipu": [1, 2, 1], "inference_replication_factor": 2}');
    await evaluate(v1, 'whole');
    const { code } = await evaluate(v1, 'cut', '--config', config);
    expect(code).toBe(0);
    expect(await results('cut')).toEqual(await results('whole'));
  }, 60_000);

  it('goes on after the last whole line and gives the same bytes', async () => {
    await evaluate(v2, 'once');
    const journal = join(folder, 'broken', 'answers.jsonl');
    const { code } = await evaluate(v2, 'broken', '--limit', '7');
    expect(code).toBe(0);
    expect(JSON.parse((await results('broken'))['metrics.json']!)).toMatchObject({ total: 7 });
    const { length } = await readFile(journal);
    await truncate(journal, length - 20);
    const { stdout } = await evaluate(v2, 'broken', '--resume', '--json');
    expect(await results('broken')).toEqual(await results('once'));
    const { throughput } = JSON.parse(stdout) as { throughput: { samples: number } };
    const whole = await evaluate(v2, 'fresh', '--json');
    const all = (JSON.parse(whole.stdout) as { throughput: { samples: number } }).throughput;
    expect(throughput.samples).toBeLessThan(all.samples);
    const again = await evaluate(v2, 'broken', '--resume', '--json');
    expect(JSON.parse(again.stdout)).not.toHaveProperty('throughput');
    expect(await results('broken')).toEqual(await results('once'));
  }, 120_000);

  it('stops in order on Ctrl-C, and goes on', async () => {
    const many = join(folder, 'many.json');
    await writeFile(many, squad('1.1', 300));
    const cli = resolve(import.meta.dirname, '../../dist/src/cli/main.js');
    const output = join(folder, 'stopped');
    const args = [cli, 'eval', 'squad', many, '--model', model, '--output', output];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const code = new Promise((done) => child.on('close', done));
    let stderr = '';
    let asked = false;
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      // A second one would end the process at once.
      if (asked || !stderr.includes('answering')) return;
      asked = child.kill('SIGINT');
    });
    expect(await code).toBe(130);
    expect(stderr).toContain(`--resume goes on with the run in ${output}`);
    await evaluate(many, 'stopped', '--resume');
    await evaluate(many, 'unbroken');
    expect(await results('stopped')).toEqual(await results('unbroken'));
  }, 180_000);

  it('keeps the journal of a run that is started over', async () => {
    await evaluate(v1, 'over', '--limit', '2');
    await evaluate(v1, 'over', '--limit', '3');
    expect(await readdir(join(folder, 'over'))).toContain('answers.jsonl.previous');
  }, 60_000);
});

describe('ipu-pipeline eval squad refuses', () => {
  const refused = async (message: string, file: string, output: string, ...args: string[]): Promise<void> => {
    const { code, stdout, stderr } = await evaluate(file, output, ...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  };
  const written = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };

  it('a file that is not there, is no JSON, or is no SQuAD', async () => {
    await refused('/no/such.json', '/no/such.json', 'none');
    await refused('line 1 column', await written('bad.json', '{"data": '), 'none');
    await refused('is no SQuAD file', await written('other.json', '{"rows": []}'), 'none');
    expect(await readdir(folder)).not.toContain('none');
  });

  it('a question without room, by its id, before anything is written', async () => {
    const question = 'who '.repeat(30);
    const qas = [{ id: 'long-one', question, answers: [{ text: 'a' }] }];
    const text = JSON.stringify({ data: [{ paragraphs: [{ context: CONTEXT, qas }] }] });
    await refused('question long-one', await written('long.json', text), 'none');
    expect(await readdir(folder)).not.toContain('none');
  });

  it('to go on with other options, or a damaged journal', async () => {
    await evaluate(v1, 'other', '--limit', '3');
    await refused('nBest was 20, now 5', v1, 'other', '--resume', '--n-best', '5');
    await refused('questions was', v2, 'other', '--resume', '--null-threshold', '1');
    await appendFile(join(folder, 'other', 'answers.jsonl'), 'not json\n');
    await refused('line 5: damaged', v1, 'other', '--resume');
  }, 60_000);

  it('positions that the model does not have, and a limit of 0', async () => {
    await refused('more than the 24 positions', v1, 'none', '--max-length', '400');
    await refused('whole number of at least 1', v1, 'none', '--limit', '0');
  });
});
