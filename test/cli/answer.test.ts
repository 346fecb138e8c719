import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from 'ipu-pipeline';
import { writeModel } from '../model-directory.js';
import { ipuPipeline } from './run.js';

const TEXT = 'the red fox jumps over the lazy dog , and then the dog sleeps . ';
let model: string;
const written: string[] = [];

async function broken(...given: Parameters<typeof writeModel>): Promise<string> {
  const directory = await writeModel(...given);
  written.push(directory);
  return directory;
}

beforeAll(async () => {
  model = await broken();
});
afterAll(async () => {
  await Promise.all(written.map((directory) => rm(directory, { recursive: true })));
});

function answer(directory: string, ...args: string[]): ReturnType<typeof ipuPipeline> {
  return ipuPipeline('answer', '--model', directory, '--question', 'who jumps ?', '--context', TEXT, ...args);
}

describe('ipu-pipeline answer', () => {
  it('gives a piece of the text and where it stands', async () => {
    const { code, stdout } = await answer(model, '--json');
    expect(code).toBe(0);
    const { text, start, end, probability, nBest } = JSON.parse(stdout) as Answer;
    expect(TEXT.slice(start, end)).toBe(text);
    expect(text).not.toBe('');
    expect(probability).toBe(nBest[0]!.probability);
    expect(nBest.reduce((sum, span) => sum + span.probability, 0)).toBeCloseTo(1, 4);
  });

  it('finds the same answer whatever cuts the model, and with every executor', async () => {
    const config = join(model, 'split.json');
    await writeFile(config, '{"layers_per_ipu": [1, 2, 1]}');
    const outputs = await Promise.all([
      answer(model, '--json'),
      answer(model, '--json', '--config', config),
      answer(model, '--json', '--executor', 'reference', '--config', config),
    ]);
    const [whole, cut, reference] = outputs.map(({ stdout }) => JSON.parse(stdout) as Answer);
    expect(cut).toEqual(whole);
    expect(reference!.text).toBe(whole!.text);
    expect(reference!.probability).toBeCloseTo(whole!.probability, 5);
  });

  it('takes the ipu_config.json that lies beside the model', async () => {
    const own = await broken();
    await writeFile(join(own, 'ipu_config.json'), '{"layers_per_ipu": [1, 1]}');
    const { code, stderr } = await answer(own);
    expect(code).toBe(2);
    expect(stderr).toContain('layers_per_ipu does not define the correct number of layers');
  });

  it('reads a long text from a file, window by window', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-answer-'));
    written.push(folder);
    const file = join(folder, 'text.txt');
    const long = TEXT.repeat(20);
    await writeFile(file, long);
    const { code, stdout } = await ipuPipeline(
      ...['answer', '--model', model, '--question', 'where ?', '--context', file, '--json', '--n-best', '5'],
    );
    expect(code).toBe(0);
    const { nBest } = JSON.parse(stdout) as Answer;
    expect(nBest).toHaveLength(5);
    for (const { text, start, end } of nBest) expect(long.slice(start, end)).toBe(text);
  });

  it('may find that there is no answer', async () => {
    const { stdout } = await answer(model, '--json', '--null-threshold', '-1000');
    expect(JSON.parse(stdout)).toMatchObject({ text: '', nullScoreDifference: expect.any(Number) as number });
  });

  it.each([
    ['an empty question', ['--question', '  '], 'the question is empty'],
    ['an empty context', ['--context', ' \n'], 'the context is empty'],
    ['a question that fills the row', ['--question', 'who '.repeat(21)], 'the question has 21 pieces'],
    [
      'rows longer than the positions',
      ['--max-length', '25'],
      'the sequence length 25 is more than the 24 positions',
    ],
    ['an unknown executor', ['--executor', 'abacus'], 'must be one of auto, gpu.js, onnx, reference'],
    ['a length that is no number', ['--n-best', 'many'], 'whole number of at least 1'],
    ['a model that is not there', ['--model', '/no/such/model'], '/no/such/model does not exist'],
    ['an unknown size', ['--model', 'synthetic:bert-huge'], 'synthetic:bert-large'],
    [
      'a configuration that is not there',
      ['--config', '/no/such.json'],
      'no file, directory or preset /no/such.json',
    ],
  ])('refuses %s with exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await answer(model, ...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it.each<[string, () => Promise<string>, string]>([
    [
      'a vocabulary that is too small',
      () => broken({ pieces: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'], config: { vocab_size: 400 } }),
      'has 5 pieces, but its model has 400 rows',
    ],
    [
      'a vocabulary that is too large',
      () => broken({ config: { vocab_size: 20 } }),
      'has 24 pieces, but its model has 20 rows',
    ],
    [
      'a tensor that is missing',
      () => broken({ change: (tensors) => tensors.delete('qa_outputs.bias') }),
      'qa_outputs.bias',
    ],
    [
      'a tensor of the wrong shape',
      () => broken({ change: (t) => t.set('qa_outputs.bias', { shape: [3], data: new Float32Array(3) }) }),
      'qa_outputs.bias',
    ],
    [
      'a truncated file',
      async () => {
        const directory = await broken();
        await truncate(join(directory, 'model.safetensors'), 5000);
        return directory;
      },
      'truncated',
    ],
    [
      'a file of something else',
      async () => {
        const directory = await broken();
        await writeFile(join(directory, 'model.safetensors'), 'not a tensor in sight');
        return directory;
      },
      'safetensors',
    ],
    [
      'another kind of model',
      async () => {
        const directory = await broken();
        await writeFile(join(directory, 'config.json'), '{"model_type": "gpt2"}');
        return directory;
      },
      'gpt2',
    ],
    [
      'a model without the head',
      () => broken({ config: { architectures: ['BertForMaskedLM'] } }),
      'this needs question-answering',
    ],
  ])('refuses %s with exit code 2', async (_, make, message) => {
    const { code, stdout, stderr } = await answer(await make(), '--json');
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    const { error } = JSON.parse(stdout) as { error: { message: string } };
    expect(error.message).toContain(message);
    expect(code).toBe(2);
  });

  it('describes itself', async () => {
    const { code, stdout } = await ipuPipeline('answer', '--help');
    expect(code).toBe(0);
    for (const option of ['--model', '--question', '--context', '--config', '--json'])
      expect(stdout).toContain(option);
    expect(await readFile(join(model, 'vocab.txt'), 'utf8')).toContain('fox');
  });
});
