import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError, openModel, openSession } from 'ipu-pipeline';
import { afterAll, describe, expect, it } from 'vitest';
import { ipuPipeline } from '../cli/run.js';
import { writeModel } from '../model-directory.js';

const written: string[] = [];
afterAll(() => Promise.all(written.map((directory) => rm(directory, { recursive: true }))));

async function modelWith(
  files: Record<string, object>,
  config: Record<string, unknown> = {},
): Promise<string> {
  const directory = await writeModel({ config });
  written.push(directory);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), JSON.stringify(content));
  }
  return directory;
}

async function embedding(directory: string, options: object = {}): Promise<readonly number[]> {
  await using session = await openSession({
    ...{ model: await openModel(directory), task: 'embed', executor: 'reference', threads: false, options },
  });
  return (await session.submit({ text: 'the red fox' })).embedding;
}

const lengthOf = (vector: readonly number[]): number => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
const st = (kind: string, path = '') => ({
  idx: 0,
  name: '0',
  path,
  type: `sentence_transformers.models.${kind}`,
});
const CLS = { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false };

describe('embed in a directory of sentence-transformers', () => {
  it('pools as 1_Pooling says, flags win', async () => {
    const cls = await modelWith({ '1_Pooling/config.json': CLS });
    const mean = await modelWith({});
    const [byFile, byFlag] = [await embedding(cls), await embedding(cls, { pooling: 'mean' })];
    expect(byFile).toEqual(await embedding(mean, { pooling: 'cls' }));
    expect(byFlag).toEqual(await embedding(mean));
    expect(byFile).not.toEqual(byFlag);
  });

  it('normalizes where modules.json has it, and pools by the module that it names', async () => {
    const modules = [st('Transformer'), st('Pooling', 'pool'), st('Normalize', '2_Normalize')];
    const directory = await modelWith({ 'modules.json': modules, 'pool/config.json': CLS });
    const vector = await embedding(directory);
    expect(lengthOf(vector)).toBeCloseTo(1, 5);
    const plain = await embedding(directory, { normalize: false });
    expect(lengthOf(plain)).not.toBeCloseTo(1, 2);
    expect(plain).toEqual(await embedding(directory, { pooling: 'cls' }));
  });

  it('has rows as long as sentence_bert_config.json says', async () => {
    const directory = await modelWith({
      'sentence_bert_config.json': { max_seq_length: 4, do_lower_case: false },
    });
    await expect(embedding(directory)).rejects.toThrow(/has 5 pieces.*a row has at most 4/);
    expect(await embedding(directory, { truncate: true })).toHaveLength(16);
  });

  it('wants texts in lower case only of a tokenizer that does so', async () => {
    const lower = { 'sentence_bert_config.json': { do_lower_case: true } };
    expect(await embedding(await modelWith(lower))).toHaveLength(16);
    const cased = await modelWith({ ...lower, 'tokenizer_config.json': { do_lower_case: false } });
    await expect(embedding(cased)).rejects.toThrow(/sentence_bert_config\.json.*do_lower_case/);
    const wrong = await modelWith({ 'sentence_bert_config.json': { max_seq_length: 'long' } });
    await expect(embedding(wrong)).rejects.toThrow(/sentence_bert_config\.json: max_seq_length is wrong/);
  });

  it.each<[string, Record<string, object>, RegExp]>([
    [
      'a module',
      { 'modules.json': [st('Transformer'), st('Dense', '2_Dense')] },
      /has the module "sentence_transformers\.models\.Dense"/,
    ],
    [
      'a pooling',
      { '1_Pooling/config.json': { pooling_mode_max_tokens: true } },
      /1_Pooling\/config\.json pools by max_tokens/,
    ],
    [
      'two poolings',
      { '1_Pooling/config.json': { ...CLS, pooling_mode_mean_tokens: true } },
      /pools by cls_token and mean_tokens/,
    ],
    [
      'a prompt',
      { 'config_sentence_transformers.json': { default_prompt_name: 'query' } },
      /puts the prompt "query" before each text/,
    ],
    [
      'a folder that is not there',
      { 'modules.json': [st('Pooling', '1_Pooling')] },
      /names .*1_Pooling\/config\.json, which is not there/,
    ],
  ])('refuses %s that is not known by name, unless the pooling is given', async (_, files, message) => {
    const directory = await modelWith(files);
    await expect(embedding(directory)).rejects.toThrow(InputError);
    await expect(embedding(directory)).rejects.toThrow(message);
    expect(await embedding(directory, { pooling: 'mean' })).toHaveLength(16);
  });

  it('says on stderr, once, where the pooling is from', async () => {
    const directory = await modelWith({ '1_Pooling/config.json': CLS });
    const args = ['embed', '--model', directory, '--executor', 'reference', '--text', 'the fox', '--json'];
    const { code, stderr, stdout } = await ipuPipeline(...args);
    expect(code).toBe(0);
    expect(stderr).toBe(
      `note: ${directory}: the pooling is cls, as ${join(directory, '1_Pooling/config.json')} says; --pooling overrules it.\n`,
    );
    const given = await ipuPipeline(...args, '--pooling', 'cls');
    expect(given).toMatchObject({ code: 0, stderr: '', stdout });
  });
});

describe('scores of a classifier', () => {
  const scores = async (config: object, options: object = {}): Promise<number[]> => {
    const directory = await modelWith(
      {},
      {
        ...{ architectures: ['BertForSequenceClassification'], id2label: { 0: 'relevance' } },
        ...config,
      },
    );
    await using session = await openSession({
      ...{
        model: await openModel(directory),
        task: 'classify',
        executor: 'reference',
        threads: false,
        options,
      },
    });
    const found = await session.submit({ text: 'the red fox', pair: 'jumps' });
    return found.scores.map(({ score }) => score);
  };
  const IDENTITY = 'torch.nn.modules.linear.Identity';

  it('are what a cross-encoder declares, and --scores wins', async () => {
    const [sigmoid] = await scores({});
    const [raw] = await scores({}, { scores: 'raw' });
    expect(sigmoid).toBeCloseTo(1 / (1 + Math.exp(-raw!)), 6);
    expect(await scores({ sbert_ce_default_activation_function: IDENTITY })).toEqual([raw]);
    expect(await scores({ sentence_transformers: { activation_fn: IDENTITY, version: '5' } })).toEqual([raw]);
    const declared = { sentence_transformers: { activation_fn: 'torch.nn.modules.activation.Sigmoid' } };
    expect(await scores(declared)).toEqual([sigmoid]);
    expect(await scores({ sbert_ce_default_activation_function: IDENTITY }, { scores: 'sigmoid' })).toEqual([
      sigmoid,
    ]);
  });

  it('are refused where the declared activation is not known', async () => {
    const tanh = { sbert_ce_default_activation_function: 'torch.nn.modules.activation.Tanh' };
    await expect(scores(tanh)).rejects.toThrow(
      /declares the activation Tanh.*--scores softmax, sigmoid, raw/,
    );
    expect(await scores(tanh, { scores: 'raw' })).toHaveLength(1);
  });
});

it('a pair for a model of one token type is refused by itself', async () => {
  const directory = await modelWith(
    {},
    {
      ...{ architectures: ['BertForSequenceClassification'], type_vocab_size: 1 },
    },
  );
  await using session = await openSession({
    ...{ model: await openModel(directory), task: 'classify', executor: 'reference', threads: false },
  });
  await expect(session.submit({ text: 'the fox', pair: 'jumps' })).rejects.toThrow(/type_vocab_size/);
  expect((await session.submit({ text: 'the fox' })).scores.length).toBeGreaterThan(0);
});
