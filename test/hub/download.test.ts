import { readFile, readdir, readlink, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { downloadModel } from 'ipu-pipeline';
import type { DownloadProgress } from 'ipu-pipeline/models';
import { checkWeights, tokenizerOf } from 'ipu-pipeline/tasks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PIECES } from '../model-directory.js';
import { WEIGHTS, readFiles, scene, type Scene } from './hub-scene.js';
import { gitSha1, sha256 } from './hub-server.js';

let at: Scene;
beforeEach(async () => {
  at = await scene();
});
afterEach(() => at.end());

const weights = (): Buffer => at.files.get(WEIGHTS)!;
const blobs = async (): Promise<string[]> => (await readdir(join(at.root, 'blobs'))).sort();
const incomplete = (): string => join(at.root, 'blobs', `${sha256(weights())}.incomplete`);
const ranges = (): (string | undefined)[] => at.server.cdn.map(({ range }) => range);
const half = (): number => Math.floor(weights().length / 2);

/** Everything of the snapshot is what the hub has. */
async function expectWhole(): Promise<void> {
  const found = await readFiles(join(at.root, 'snapshots', at.commit));
  const wanted = ['config.json', WEIGHTS, 'tokenizer_config.json', 'vocab.txt'];
  expect([...found.keys()]).toEqual(wanted);
  for (const name of wanted) expect(found.get(name)!.equals(at.files.get(name)!)).toBe(true);
}

describe('a model of the hub', () => {
  it('is downloaded, opened and complete', async () => {
    const seen: DownloadProgress[] = [];
    const model = await at.open({ onDownload: (progress) => seen.push(progress) });
    expect(model).toMatchObject({ name: 'acme/tiny-bert', head: 'question-answering' });
    expect(await checkWeights(model, model.head)).toEqual([]);
    expect((await tokenizerOf(model)).vocabulary.pieces).toEqual(PIECES);
    await expectWhole();
    expect(await readFile(join(at.root, 'refs/main'), 'utf8')).toBe(at.commit);
    const bytes = ['config.json', 'vocab.txt', 'tokenizer_config.json', WEIGHTS].map((name) =>
      at.files.get(name)!,
    );
    const totalBytes = bytes.reduce((sum, { length }) => sum + length, 0);
    expect(seen.at(-1)).toEqual({ repo: 'acme/tiny-bert', file: WEIGHTS, doneBytes: totalBytes, totalBytes });
    expect(seen.length).toBeGreaterThan(6);
  });

  it('lies in the cache as huggingface_hub lays it out', async () => {
    await at.open();
    const large = at.files.get(WEIGHTS)!;
    const small = ['config.json', 'vocab.txt', 'tokenizer_config.json'].map((name) =>
      gitSha1(at.files.get(name)!),
    );
    expect(await blobs()).toEqual([...small, sha256(large)].sort());
    const link = await readlink(join(at.root, 'snapshots', at.commit, WEIGHTS));
    expect(link).toBe(`../../blobs/${sha256(large)}`);
    expect((await readdir(join(at.root, '.no_exist', at.commit))).sort()).toEqual([
      ...['1_Pooling', 'added_tokens.json', 'config_sentence_transformers.json', 'ipu_config.json'],
      ...['merges.txt', 'modules.json', 'sentence_bert_config.json', 'special_tokens_map.json'],
      ...['tokenizer.json', 'vocab.json'],
    ]);
  });

  it('brings what sentence-transformers says of it, from folders too', async () => {
    const files = new Map(at.files);
    const extra = ['modules.json', 'sentence_bert_config.json', '1_Pooling/config.json'];
    for (const name of extra) files.set(name, Buffer.from(`{"in": "${name}"}`));
    files.set('onnx/model.bin', Buffer.from('not needed'));
    at.server.commit(files, 'sentences');
    const reference = { repo: at.server.repo, revision: 'sentences' };
    const { directory } = await downloadModel(reference, { env: at.env });
    for (const name of extra) expect(await readFile(join(directory, name), 'utf8')).toBe(`{"in": "${name}"}`);
    expect((await readdir(directory)).includes('onnx')).toBe(false);
    at.server.forget();
    await downloadModel(reference, { env: at.env });
    expect(at.server.hub).toHaveLength(1);
  });

  it('is asked for once more, but not loaded again', async () => {
    await at.open();
    at.server.forget();
    await at.open();
    expect(at.server.hub).toHaveLength(1);
    expect(at.server.hub[0]!.path).toContain('/revision/main');
    expect(at.server.cdn).toEqual([]);
  });

  it('gets what changed on its branch, and keeps what did not', async () => {
    await at.open();
    at.server.forget();
    const next = at.server.commit(new Map([...at.files, ['vocab.txt', Buffer.from('[PAD]\n')]]), 'main');
    const model = await at.open();
    expect(model.directory).toBe(join(at.root, 'snapshots', next));
    expect(at.server.cdn).toEqual([]);
    expect(await readFile(join(at.root, 'refs/main'), 'utf8')).toBe(next);
    await expectWhole();
  });

  it('takes its weights from shards', async () => {
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const files = new Map(at.files);
    files.delete(WEIGHTS);
    const index = { weight_map: { a: shards[0], b: shards[1], c: shards[0] } };
    files.set('model.safetensors.index.json', Buffer.from(JSON.stringify(index)));
    for (const name of [...shards, 'other.safetensors']) files.set(name, Buffer.from(`content of ${name}`));
    const commit = at.server.commit(files, 'sharded');
    const { directory } = await downloadModel({ repo: at.server.repo, revision: 'sharded' }, { env: at.env });
    const found = await readFiles(directory);
    for (const name of shards) expect(found.get(name)!.toString()).toBe(`content of ${name}`);
    expect([...found.keys()]).not.toContain('other.safetensors');
    expect([...found.keys()]).not.toContain('pytorch_model.bin');
    // One shard lost: the snapshot is no longer taken for whole.
    await rm(join(directory, shards[1]!));
    await downloadModel({ repo: at.server.repo, revision: commit }, { env: at.env });
    expect((await readFiles(directory)).has(shards[1]!)).toBe(true);
  });

  it('has its pickled weights loaded only without safetensors', async () => {
    const files = new Map(at.files);
    files.delete(WEIGHTS);
    at.server.commit(files, 'pickled');
    const { directory } = await downloadModel({ repo: at.server.repo, revision: 'pickled' }, { env: at.env });
    expect((await readFiles(directory)).has('pytorch_model.bin')).toBe(true);
  });
});

describe('a download that breaks off', () => {
  it('goes on from there and gives the same bytes', async () => {
    at.server.cuts = [half()];
    await at.open();
    await expectWhole();
    expect(at.server.cdn).toHaveLength(2);
    // What the socket still held when it was cut may be lost; nothing that came is loaded twice.
    const start = Number(/^bytes=(\d+)-$/.exec(ranges()[1]!)![1]);
    expect(start).toBeGreaterThan(0);
    expect(start).toBeLessThanOrEqual(half());
    expect(at.server.cdn[1]!.ifRange).toMatch(/^"cdn-/);
  });

  it('again and again, as long as something comes', async () => {
    at.server.chunkBytes = 1000;
    at.server.cuts = [1500, 2500, 900, 3000, 1100, 2000, 1000, 1200];
    await at.open();
    await expectWhole();
    expect(at.server.cdn.length).toBeGreaterThan(8);
  });

  it('goes on in the next run', async () => {
    at.server.cuts = [half(), 0, 0, 0, 0, 0];
    const message = await at.refusal();
    expect(message).toMatch(
      /model\.safetensors of acme\/tiny-bert broke off at \d+ of \d+ bytes.*run the same/,
    );
    const kept = (await stat(incomplete())).size;
    expect(kept).toBeGreaterThan(0);
    at.server.cuts = [];
    at.server.forget();
    await at.open();
    await expectWhole();
    expect(ranges()).toEqual([`bytes=${kept}-`]);
    expect((await blobs()).filter((name) => name.includes('incomplete'))).toEqual([]);
  });

  it('begins again when the server ignores ranges', async () => {
    at.server.ignoreRange = true;
    at.server.cuts = [half()];
    await at.open();
    await expectWhole();
    expect(ranges()[1]).toBeDefined();
  });

  it('begins again when the content behind it changed', async () => {
    const whole = weights();
    at.server.stored.set(WEIGHTS, Buffer.alloc(whole.length, 7));
    at.server.cuts = [half()];
    // The wrong content goes away as soon as a part of it was sent.
    const swap = setInterval(() => {
      if (at.server.cdn.length > 0 && at.server.cuts.length === 0) at.server.stored.clear();
    }, 1);
    await at.open({ retryDelayMs: 100 }).finally(() => clearInterval(swap));
    await expectWhole();
    expect(ranges()[1]).toBeDefined();
  });

  it('begins again when what lay there was another content, or too long', async () => {
    for (const left of [Buffer.alloc(half(), 9), Buffer.alloc(weights().length, 9), Buffer.alloc(1e6)]) {
      await at.open();
      await rm(join(at.root, 'blobs', sha256(weights())));
      await rm(join(at.root, 'snapshots', at.commit, WEIGHTS));
      await writeFile(incomplete(), left);
      await at.open();
      await expectWhole();
    }
  });

  it('is given up when the server falls silent, and resumes', async () => {
    at.server.silentAfter = 3000;
    at.server.chunkBytes = 1000;
    const env = { ...at.env, HF_HUB_DOWNLOAD_TIMEOUT: '0.2' };
    const opening = at.open({ env });
    setTimeout(() => (at.server.silentAfter = undefined), 600);
    await opening;
    await expectWhole();
    expect(ranges()).toContain('bytes=3000-');
  });

  it('waits as the server asks, and outlives its errors', async () => {
    at.server.failures = [{ status: 503, after: '0' }, { status: 429 }];
    await at.open();
    await expectWhole();
  });

  it('stops on abort and keeps what came', async () => {
    at.server.chunkBytes = 500;
    at.server.delayMs = 5;
    const controller = new AbortController();
    const why = new Error('enough');
    const onDownload = ({ file }: DownloadProgress): void => {
      if (file === WEIGHTS && at.server.cdn.length > 0) setTimeout(() => controller.abort(why), 30);
    };
    await expect(at.open({ signal: controller.signal, onDownload })).rejects.toBe(why);
    const kept = (await stat(incomplete())).size;
    expect(kept).toBeLessThan(weights().length);
    at.server.delayMs = 0;
    at.server.forget();
    await at.open();
    await expectWhole();
    expect(ranges()).toEqual([kept === 0 ? undefined : `bytes=${kept}-`]);
    expect((await blobs()).filter((name) => name.includes('.'))).toEqual([]);
  });
});

describe('what arrives', () => {
  it('with another sum is deleted and both sums are named', async () => {
    const wrong = Buffer.from(weights());
    wrong[wrong.length - 1]! ^= 1;
    at.server.stored.set(WEIGHTS, wrong);
    const message = await at.refusal();
    expect(message).toContain(sha256(wrong));
    expect(message).toContain(sha256(weights()));
    expect((await blobs()).filter((name) => name.startsWith(sha256(weights())))).toEqual([]);
    await expect(readFile(join(at.root, 'refs/main'))).rejects.toThrow('ENOENT');
    at.server.stored.clear();
    await at.open();
    await expectWhole();
  });

  it('with another size or name is not what was listed', async () => {
    at.server.stored.set(WEIGHTS, weights().subarray(1));
    expect(await at.refusal()).toMatch(/changed while it was downloaded: it had \d+ bytes/);
    at.server.stored.clear();
    at.server.etag = 'another content';
    expect(await at.refusal()).toMatch(
      /changed while it was downloaded: its sum was [0-9a-f]{64} and is now/,
    );
  });

  it('is right when a blob of the cache was cut short', async () => {
    await at.open();
    await truncate(join(at.root, 'blobs', sha256(weights())), 100);
    await rm(join(at.root, 'snapshots', at.commit, WEIGHTS));
    await at.open();
    await expectWhole();
  });

  it('is whole when several download at once', async () => {
    at.server.chunkBytes = 2000;
    at.server.delayMs = 1;
    await Promise.all([at.open(), at.open(), at.open()]);
    await expectWhole();
    expect(at.server.cdn).toHaveLength(1);
  });

  it('is taken over from a process that died', async () => {
    await at.open();
    await rm(join(at.root, 'blobs', sha256(weights())));
    await rm(join(at.root, 'snapshots', at.commit, WEIGHTS));
    // No process has a number beyond the system's limit of 2²².
    await writeFile(`${incomplete()}.lock`, `4999999 ${hostname()} x\n`);
    await writeFile(incomplete(), weights().subarray(0, 1000));
    at.server.forget();
    await at.open();
    await expectWhole();
    expect(ranges()).toEqual(['bytes=1000-']);
  });
});
