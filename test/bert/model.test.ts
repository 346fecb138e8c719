import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, InputError, openModel, type BertModel } from 'ipu-pipeline';
import type { ModelHead } from 'ipu-pipeline/models';
import { checkWeights, openWeights } from 'ipu-pipeline/tasks';
import { BERT_SIZES, sliceTensors } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { f32, scratch, writeSafetensors } from '../checkpoint/written-files.js';
import { smallConfig, smallTensors, writeModel } from './written-model.js';

const files = scratch('model');
const directoryOf = (spec: BertModel): string => spec.directory ?? '';

async function refusal(opening: Promise<unknown>, type: new (message: string) => Error): Promise<string> {
  const error: unknown = await opening.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(type);
  return (error as Error).message;
}

/** All values of a model, by upstream's names. */
async function values(model: BertModel, head: ModelHead | null): Promise<Record<string, Float32Array>> {
  const weights = await openWeights(structuredClone(model.weights));
  const whole = { embedding: true, firstLayer: 0, endLayer: model.config.numHiddenLayers, head };
  const found: Record<string, Float32Array> = {};
  for (const { name, shape } of sliceTensors(model.config, whole))
    found[name] = await weights.tensor(name, shape);
  await weights.close();
  return found;
}

describe('a synthetic model', () => {
  it('has the published sizes, by either name', async () => {
    const shapes = await Promise.all(
      BERT_SIZES.map(async (size) => {
        const { config } = await openModel(`synthetic:bert-${size}`);
        expect(await openModel(`synthetic:${size}`)).toMatchObject({ config, head: 'question-answering' });
        const { numHiddenLayers, hiddenSize, numAttentionHeads, intermediateSize } = config;
        return [size, numHiddenLayers, hiddenSize, numAttentionHeads, intermediateSize];
      }),
    );
    expect(shapes).toEqual([
      ['tiny', 2, 128, 2, 512],
      ['mini', 4, 256, 4, 1024],
      ['small', 4, 512, 8, 2048],
      ['medium', 8, 512, 8, 2048],
      ['base', 12, 768, 12, 3072],
      ['large', 24, 1024, 16, 4096],
    ]);
  });

  it('has other weights for another seed, and the same for the same', async () => {
    const first = async (name: string): Promise<number[]> => {
      const weights = await openWeights((await openModel(name)).weights);
      return [...(await weights.tensor('qa_outputs.bias', [2]))];
    };
    expect(await first('synthetic:tiny?seed=0')).toEqual(await first('synthetic:bert-tiny'));
    expect(await first('synthetic:tiny?seed=3')).toEqual(await first('synthetic:bert-tiny?seed=3'));
    expect(await first('synthetic:tiny?seed=4294967295')).not.toEqual(await first('synthetic:tiny'));
  });

  it.each([
    'huge',
    'bert-',
    '',
    'bert-large?seed=',
    'large?seed=-1',
    'large?seed=4294967296',
    'large?layers=3',
    'Large',
  ])('synthetic:%s is refused with the choices', async (name) => {
    const message = await refusal(openModel(`synthetic:${name}`), InputError);
    expect(message).toContain(`"synthetic:${name}"`);
    for (const size of BERT_SIZES) expect(message).toContain(`synthetic:bert-${size}`);
  });
});

describe('a model directory', () => {
  it('gives the tensors it has, whatever they are called', async () => {
    const tensors = await smallTensors('question-answering');
    const renamings: Record<string, (name: string) => string> = {
      usual: (name) => name,
      unprefixed: (name) => name.replace(/^bert\./, ''),
      old: (name) =>
        name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'),
    };
    renamings['old unprefixed'] = (name) => renamings['unprefixed']!(renamings['old']!(name));
    for (const [what, rename] of Object.entries(renamings)) {
      const renamed = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [rename(name), t]));
      const model = await openModel(await writeModel(files.path(what), renamed));
      expect(await checkWeights(model, model.head)).toEqual([]);
      for (const [name, found] of Object.entries(await values(model, model.head))) {
        expect(Buffer.from(found.buffer), `${what}: ${name}`).toEqual(Buffer.from(tensors[name]!.bytes));
      }
    }
  });

  it('knows tied decoders, whichever twin the file has', async () => {
    const json = { ...smallConfig, architectures: ['BertForMaskedLM'] };
    const tensors = await smallTensors('masked-lm');
    const {
      'bert.embeddings.word_embeddings.weight': words,
      'cls.predictions.bias': bias,
      ...rest
    } = tensors;
    const twins = { 'cls.predictions.decoder.weight': words!, 'cls.predictions.decoder.bias': bias! };
    for (const [at, stored] of [tensors, { ...tensors, ...twins }, { ...rest, ...twins }].entries()) {
      const model = await openModel(await writeModel(files.path(`tied${at}`), stored, json));
      expect(await checkWeights(model, 'masked-lm')).toEqual([]);
      const found = await values(model, 'masked-lm');
      expect(Buffer.from(found['cls.predictions.bias']!.buffer)).toEqual(Buffer.from(bias!.bytes));
      const read = found['bert.embeddings.word_embeddings.weight']!;
      expect(Buffer.from(read.buffer)).toEqual(Buffer.from(words!.bytes));
    }
  });

  it('has no pooler when the file has none', async () => {
    const json = { ...smallConfig, architectures: ['BertModel'] };
    const bare = await openModel(await writeModel(files.path('bare'), await smallTensors(null), json));
    expect(bare.head).toBeNull();
    const pooled = await openModel(
      await writeModel(files.path('pooled'), await smallTensors('pooler'), json),
    );
    expect(pooled.head).toBe('pooler');
  });

  it('lists every tensor that is missing or wrong, before anything is read', async () => {
    const {
      'qa_outputs.bias': bias,
      'bert.embeddings.LayerNorm.weight': norm,
      ...rest
    } = await smallTensors('question-answering');
    delete rest['qa_outputs.weight'];
    const stored = {
      ...rest,
      'qa_outputs.bias': { ...bias!, shape: [2, 1] },
      'bert.encoder.layer.1.output.dense.bias': { dtype: 'I32', shape: [8], bytes: new Uint8Array(32) },
      'embeddings.LayerNorm.gamma': { ...norm!, shape: [8, 1] },
    };
    const model = await openModel(await writeModel(files.path('wrong'), stored));
    const message = await refusal(checkWeights(model, 'question-answering'), CheckpointError);
    expect(message).toContain(join(directoryOf(model), 'model.safetensors'));
    expect(message).toContain('qa_outputs.weight [2, 8] is missing');
    expect(message).toContain('qa_outputs.bias has shape [2, 1], it must be [2]');
    expect(message).toContain('embeddings.LayerNorm.gamma has shape [8, 1], it must be [8]');
    expect(message).toContain('bert.encoder.layer.1.output.dense.bias has dtype I32, it must be one of F32');
    expect(message).toMatch(/\nIt has no other tensors\.$/);
    expect(message.split('\n')).toHaveLength(6);
    const weights = await openWeights(model.weights);
    expect(weights.has('qa_outputs.weight')).toBe(false);
    await expect(weights.tensor('qa_outputs.weight', [2, 8])).rejects.toThrow(
      /qa_outputs.weight \[2, 8\] is missing/,
    );
    await weights.close();
  });

  it('counts what it does not list', async () => {
    const model = await openModel(await writeModel(files.path('empty'), {}));
    const message = await refusal(checkWeights(model, 'question-answering'), CheckpointError);
    expect(message).toMatch(/word_embeddings.weight \[11, 8\] is missing/);
    expect(message).toMatch(/… and 29 more\nIt has no other tensors\.$/);
  });

  it('refuses weights with more layers than config.json, and lists what is not needed', async () => {
    const three = await smallTensors('question-answering', { ...smallConfig, num_hidden_layers: 3 });
    const model = await openModel(await writeModel(files.path('three'), three));
    const message = await refusal(checkWeights(model, model.head), CheckpointError);
    expect(message).toMatch(/weights have 3 encoder layers, but num_hidden_layers in config.json is 2/);
    const more = { ...(await smallTensors('question-answering')), 'bert.extra': f32([1], [1]) };
    const roomy = await openModel(await writeModel(files.path('roomy'), more));
    expect(await checkWeights(roomy, 'question-answering')).toEqual(['bert.extra']);
    expect(await checkWeights(roomy, null)).toEqual(['qa_outputs.weight', 'qa_outputs.bias', 'bert.extra']);
  });

  it.each([
    ['is not there', () => Promise.resolve(), InputError, /does not exist.*synthetic:bert-large/s],
    ['is a file', (path: string) => writeFile(path, ''), InputError, /is not a directory/],
    [
      'has no config.json',
      (path: string) => mkdir(path),
      CheckpointError,
      /config\.json: there is no such file/,
    ],
    [
      'has a config.json that is none',
      async (path: string) => void (await mkdir(path), await writeFile(join(path, 'config.json'), '{')),
      CheckpointError,
      /config\.json is not valid JSON/,
    ],
    [
      'has a config.json that is no text',
      async (path: string) =>
        void (await mkdir(path), await writeFile(join(path, 'config.json'), Buffer.of(255))),
      CheckpointError,
      /config\.json is not UTF-8/,
    ],
  ])('that %s is refused', async (what, make, type, message) => {
    const path = files.path(what);
    await make(path);
    const found = await refusal(openModel(path), type);
    expect(found).toMatch(message);
    expect(found).toContain(path);
  });

  it('without weights names what it needs and what it has', async () => {
    const model = await openModel(await writeModel(files.path('no-weights'), undefined));
    const message = await refusal(checkWeights(model, model.head), CheckpointError);
    expect(message).toMatch(/no-weights has no weights: it needs model\.safetensors.*It has config\.json/);
    await writeFile(files.path('no-weights/tf_model.h5'), '');
    expect(await refusal(checkWeights(model, model.head), CheckpointError)).toMatch(
      /tf_model\.h5 is a TensorFlow model: convert it in Python/,
    );
  });
});

describe('sharded safetensors', () => {
  const index = (map: Record<string, string>): string => JSON.stringify({ metadata: {}, weight_map: map });

  async function shard(name: string, change?: (map: Record<string, string>) => unknown): Promise<BertModel> {
    const directory = await writeModel(files.path(name), undefined);
    const entries = Object.entries(await smallTensors('question-answering'));
    const map: Record<string, string> = {};
    for (const part of [0, 1, 2]) {
      const file = `model-0000${part + 1}-of-00003.safetensors`;
      const mine = entries.filter((_, at) => at % 3 === part);
      for (const [tensor] of mine) map[tensor] = file;
      await writeSafetensors(join(directory, file), Object.fromEntries(mine));
    }
    const changed = change?.(map) ?? index(map);
    await writeFile(join(directory, 'model.safetensors.index.json'), changed as string);
    return openModel(directory);
  }

  it('give what one file gives', async () => {
    const model = await shard('shards');
    expect(await checkWeights(model, model.head)).toEqual([]);
    const tensors = await smallTensors('question-answering');
    for (const [name, found] of Object.entries(await values(model, model.head))) {
      expect(Buffer.from(found.buffer), name).toEqual(Buffer.from(tensors[name]!.bytes));
    }
  });

  const two = 'model-00002-of-00003.safetensors';
  it.each([
    ['an index that is none', () => '{"weight_map": 3}', /must have a weight_map/],
    ['an empty index', () => index({}), /names no tensor/],
    [
      'a shard elsewhere',
      (map: Record<string, string>) => index({ ...map, x: '../x.safetensors' }),
      /"\.\.\/x.*beside/,
    ],
    [
      'a shard that is not there',
      (map: Record<string, string>) => index({ ...map, x: 'y.safetensors' }),
      /no such file/,
    ],
    [
      'a tensor that is not there',
      (map: Record<string, string>) => index({ ...map, x: two }),
      /not have: x in model-00002/,
    ],
    [
      'a tensor in another shard',
      (map: Record<string, string>) => index({ ...map, 'bert.embeddings.word_embeddings.weight': two }),
      /not have: bert.embeddings.word_embeddings.weight in model-00002/,
    ],
  ])('%s is refused', async (what, change, message) => {
    const model = await shard(what, change);
    expect(await refusal(checkWeights(model, model.head), CheckpointError)).toMatch(message);
    await rm(directoryOf(model), { recursive: true });
  });
});
