import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openModel } from 'ipu-pipeline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeModel } from '../model-directory.js';

describe('a name that is no model directory', () => {
  let at: string;
  beforeEach(async () => {
    at = await mkdtemp(join(tmpdir(), 'ipu-pipeline-names-'));
  });
  afterEach(() => rm(at, { recursive: true }));

  const cached = async (...commits: string[]): Promise<string> => {
    const folder = join(at, 'models--acme--tiny');
    await mkdir(join(folder, 'snapshots'), { recursive: true });
    for (const commit of commits) await rename(await writeModel(), join(folder, 'snapshots', commit));
    return folder;
  };

  it('may be a folder of the hub’s cache: its only snapshot, or that of main', async () => {
    const folder = await cached('a1');
    expect((await openModel(folder)).directory).toBe(join(folder, 'snapshots/a1'));
    expect((await openModel(join(folder, 'snapshots'))).directory).toBe(join(folder, 'snapshots/a1'));
    await cached('b2');
    await expect(openModel(folder)).rejects.toThrow(
      /cache of one model with 2 snapshots: name one of them, a1, b2/,
    );
    await mkdir(join(folder, 'refs'));
    await writeFile(join(folder, 'refs/main'), 'b2\n');
    expect((await openModel(folder)).directory).toBe(join(folder, 'snapshots/b2'));
    await expect(openModel(at)).rejects.toThrow(/is a cache of models: name one of them, acme\/tiny\./);
  });

  it.each([
    ['bert-base-uncased', 'The hub has that model as google-bert/bert-base-uncased.'],
    ['distilbert-base-cased-distilled-squad@v1', 'distilbert/distilbert-base-cased-distilled-squad@v1.'],
    ['my-bert', 'give its whole name, ORG/my-bert'],
    ['/no/such/model', 'does not exist. --model takes'],
  ])('%s gets the next step', async (name, message) => {
    await expect(openModel(name)).rejects.toThrow(message);
  });

  it.each([
    [
      '0_Transformer/config.json',
      /0_Transformer is the model of an old sentence-transformers directory: give that/,
    ],
    ['bert_config.json', /is the configuration of Google’s BERT: beside pytorch_model\.bin, rename/],
    ['bert_model.ckpt.index', /is a TensorFlow checkpoint: convert it/],
    ['tf_model.h5', /is a TensorFlow model: convert it/],
    ['flax_model.msgpack', /is a Flax model/],
    ['adapter_config.json', /is an adapter \(PEFT\).*merge_and_unload/],
  ])('that has %s says what that is', async (file, message) => {
    await mkdir(join(at, file, '..'), { recursive: true });
    await writeFile(join(at, file), '{}');
    await expect(openModel(at)).rejects.toThrow(/config\.json: there is no such file/);
    await expect(openModel(at)).rejects.toThrow(message);
  });

  it('with a Git LFS pointer in place of config.json says so', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n';
    await writeFile(join(at, 'config.json'), pointer);
    await expect(openModel(at)).rejects.toThrow(/config\.json is a Git LFS pointer/);
    expect(await readdir(at)).toEqual(['config.json']);
  });
});
