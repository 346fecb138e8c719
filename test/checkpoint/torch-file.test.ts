import fc from 'fast-check';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, openModel } from 'ipu-pipeline';
import { SafetensorsFile, TorchFile } from 'ipu-pipeline/models';
import { openWeights, checkWeights } from 'ipu-pipeline/tasks';
import { describe, expect, it } from 'vitest';
import { shared } from '../shared-data.js';
import { smallTensors, writeModel } from '../bert/written-model.js';
import { forms, six, sixFloats, state, torchScratch } from './torch-scratch.js';
import * as t from './written-torch.js';

const { files, write, readAll, refusal } = torchScratch('torch');

describe('a torch file', () => {
  it('gives views of shared storages: rows, offsets, transposed, scalars, empty', async () => {
    const views = t.dict(
      [t.str('rows'), t.tensor(six)],
      [t.str('tail'), t.tensor({ ...six, offset: 4, shape: [2], stride: [1] })],
      [t.str('transposed'), t.tensor({ ...six, shape: [3, 2], stride: [1, 3] })],
      [t.str('column'), t.tensor({ ...six, offset: 1, shape: [2], stride: [3] })],
      [t.str('scalar'), t.tensor({ ...six, offset: 5, shape: [], stride: [] })],
      [t.str('none'), t.tensor({ ...six, shape: [0, 3], stride: [3, 1] })],
      [t.str('one row'), t.tensor({ ...six, offset: 3, shape: [1, 3], stride: [77, 1] })],
      [t.str('not a tensor'), t.int(3)],
    );
    for (const [form, bytes] of forms(views, { 0: sixFloats })) {
      expect(await readAll(bytes), form).toEqual({
        rows: { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] },
        tail: { shape: [2], values: [5, 6] },
        transposed: { shape: [3, 2], values: [1, 4, 2, 5, 3, 6] },
        column: { shape: [2], values: [2, 5] },
        scalar: { shape: [], values: [6] },
        none: { shape: [0, 3], values: [] },
        'one row': { shape: [1, 3], values: [4, 5, 6] },
      });
    }
  });

  it('gives any permuted view', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.nat(23),
        async (dense, turn) => {
          const axes = dense
            .map((_, axis) => axis)
            .sort((a, b) => ((a * 7 + turn) % 5) - ((b * 7 + turn) % 5));
          const strides = dense.map((_, axis) => dense.slice(axis + 1).reduce((p, d) => p * d, 1));
          const elements = dense.reduce((p, d) => p * d, 1);
          const shape = axes.map((axis) => dense[axis]!);
          const stride = axes.map((axis) => strides[axis]!);
          const data = t.floats(...Array.from({ length: elements }, (_, i) => i));
          const { w } = await readAll(
            t.torchZip(state(t.tensor({ key: '0', elements, shape, stride })), { 0: data }),
          );
          const expected = Array.from({ length: elements }, (_, i) => {
            let rest = i;
            let at = 0;
            for (let axis = shape.length - 1; axis >= 0; axis--) {
              at += (rest % shape[axis]!) * stride[axis]!;
              rest = Math.floor(rest / shape[axis]!);
            }
            return at;
          });
          expect(w!.values).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('reads parameters, memos, long names, zip64, the torch 1.x calls and metadata', async () => {
    const parameter = t.call(t.global('torch._utils', '_rebuild_parameter'), t.tensor(six), t.FALSE, t.NONE);
    const ordered = t.pickle(
      t.call(t.global('collections', 'OrderedDict')),
      ...[[0x71, 9], t.str('w'), parameter, [0x73], [0x68, 9], [0x30]],
    );
    // A memo refers back; BUILD gives the dict torch's _metadata.
    const withState = t.pickle(
      t.call(t.global('collections', 'OrderedDict')),
      ...[t.MARK, t.str('w'), parameter, t.str('v'), t.pickle(t.tensor(six), [0x94]), [0x75]],
      ...[t.dict([t.str('_metadata'), t.dict()]), [0x62]],
    );
    await expect(readAll(t.torchZip(ordered, { 0: sixFloats }))).rejects.toThrow(/opcode 0x30/);
    expect(Object.keys(await readAll(t.torchZip(withState, { 0: sixFloats })))).toEqual(['w', 'v']);
    const wide = t.zip(
      [
        { name: 'm/data.pkl', bytes: t.pickle(t.PROTO, state(t.tensor(six)), t.STOP), zip64: true },
        { name: 'm/data/0', bytes: sixFloats, zip64: true },
      ],
      { zip64: true },
    );
    expect((await readAll(wide))['w']!.values).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('a damaged torch file is refused:', () => {
  const good = t.torchZip(state(t.tensor(six)), { 0: sixFloats });

  it('every truncation of both forms', async () => {
    for (const [form, bytes] of forms(state(t.tensor(six)), { 0: sixFloats })) {
      for (let size = 0; size < bytes.length; size++) {
        expect(await refusal(bytes.subarray(0, size)), form).toMatch(
          /truncated|in the middle|no file of torch/,
        );
      }
    }
  });

  it('zip: compressed, overlapping, outside, twice, without pickle, without storage, big-endian', async () => {
    const pkl = { name: 'a/data.pkl', bytes: t.pickle(t.PROTO, state(t.tensor(six)), t.STOP) };
    const data = { name: 'a/data/0', bytes: sixFloats };
    const cases: [Buffer, RegExp][] = [
      [t.zip([{ ...pkl, method: 8 }, data]), /record a\/data.pkl is compressed/],
      [t.zip([pkl, { ...data, size: 2 ** 31 }]), /a\/data\/0 .*runs into the directory/],
      [t.zip([{ ...pkl, size: pkl.bytes.length + 9 }, data]), /records a\/data.pkl and a\/data\/0 overlap/],
      [t.zip([{ ...pkl, size: pkl.bytes.length + 60 }, data]), /records a\/data.pkl and a\/data\/0 overlap/],
      [t.zip([pkl, { ...data, offset: 2 ** 31 }]), /record a\/data\/0 lies outside/],
      [t.zip([pkl, { ...data, offset: 7 }]), /a\/data\/0 is not where its directory says/],
      [t.zip([pkl, data, data]), /two records a\/data\/0/],
      [t.zip([data]), /0 records NAME\/data.pkl/],
      [t.zip([pkl, { ...pkl, name: 'b/data.pkl' }, data]), /2 records NAME\/data.pkl/],
      [t.zip([pkl]), /storage 0 has 6 elements of F32, 24 bytes, but it has no record/],
      [t.zip([pkl, { ...data, bytes: t.floats(1) }]), /storage 0 .* but its record has 4/],
      [t.zip([pkl, data, { name: 'a/byteorder', bytes: Buffer.from('big') }]), /byte order "big"/],
    ];
    for (const [bytes, message] of cases) expect(await refusal(bytes)).toMatch(message);
  });

  it('the older form: wrong magic, protocol, byte order, counts, storages', async () => {
    const data = { 0: { count: 6, bytes: sixFloats } };
    const value = state(t.tensor(six));
    const cases: [Buffer, RegExp][] = [
      [t.torchLegacy(value, data, { magic: 5n }), /magic number/],
      [t.torchLegacy(value, data, { protocol: 1000 }), /protocol is 1000, it must be 1001/],
      [t.torchLegacy(value, data, { little: t.FALSE }), /little-endian/],
      [
        t.torchLegacy(value, { 0: { count: 5, bytes: sixFloats } }),
        /storage 0 has 5 elements, its tensors expect 6/,
      ],
      [t.torchLegacy(value, { 7: data[0] }), /storage 7, which no tensor uses/],
      [t.torchLegacy(value, {}), /no storage 0/],
    ];
    for (const [bytes, message] of cases) expect(await refusal(bytes)).toMatch(message);
  });

  it('quotes names and values no further than their beginnings', async () => {
    const key = 'k'.repeat(100_000);
    // Each tuple holds the one before twice: printed whole, the last would have 2 ** 60 brackets.
    const twice = Array.from({ length: 60 }, (_, at) => [0x68, at, 0x68, at, 0x86, 0x71, at + 1]).flat();
    const protocol = t.pickle(t.PROTO, t.MARK, [0x5d, 0x71, 0], twice, [0x74], t.STOP);
    const magic = t.torchLegacy(t.dict(), {}).subarray(0, 17);
    const cases = [
      t.torchZip(state(t.tensor({ ...six, key })), {}),
      t.torchLegacy(state(t.tensor({ ...six, key })), {}),
      t.torchLegacy(state(t.tensor(six)), { [key]: { count: 6, bytes: sixFloats } }),
      Buffer.concat([magic, protocol]),
    ];
    for (const bytes of cases) expect((await refusal(bytes)).length).toBeLessThan(600);
    expect(await refusal(cases.at(-1)!)).toMatch(/its protocol is no number, it must be 1001/);
  });

  it('other kinds of files', async () => {
    expect(await refusal(Buffer.from('version https://git-lfs.github.com/spec/v1\n'))).toMatch(
      /Git LFS pointer/,
    );
    expect(await refusal(Buffer.from('<!doctype html>'))).toMatch(/neither as a zip archive nor as a pickle/);
    const tar = Buffer.alloc(512);
    tar.write('ustar', 257);
    expect(await refusal(tar)).toMatch(/tar archive/);
  });

  it('whatever bytes stand in it: a refusal or a file, never another error', async () => {
    const legacy = t.torchLegacy(state(t.tensor(six)), { 0: { count: 6, bytes: sixFloats } });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(good, legacy), fc.nat(), fc.nat(255), async (bytes, at, byte) => {
        const mutated = Buffer.from(bytes);
        mutated[at % mutated.length] = byte;
        try {
          const file = await TorchFile.open(await write(mutated));
          for (const name of file.entries.keys()) {
            await file.tensor(name).catch((error: unknown) => expect(error).toBeInstanceOf(CheckpointError));
          }
          await file.close();
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 600 },
    );
  });
});

describe.skipIf(!shared.available)('the shared torch files', () => {
  it.each([
    ['tiny-bert/BertModel', undefined],
    ['tiny-bert/BertForQuestionAnswering', undefined],
    ['tiny-bert/BertForMaskedLM', undefined],
    ['tiny-bert-fp16', undefined],
    ['tiny-bert-bf16', undefined],
    ['tiny-bert-legacy/BertModel', undefined],
    ['tiny-bert-legacy/BertForPreTraining', 'tiny-bert/BertForPreTraining'],
  ])('%s has the bits of its safetensors twin', async (directory, twin = directory) => {
    const torch = await TorchFile.open(shared.path(`bert/${directory}/pytorch_model.bin`));
    const safe = await SafetensorsFile.open(shared.path(`bert/${twin}/model.safetensors`));
    for (const name of safe.entries.keys()) {
      const old = name
        .replace('LayerNorm.weight', 'LayerNorm.gamma')
        .replace('LayerNorm.bias', 'LayerNorm.beta');
      const values = await torch.tensor(torch.entries.has(name) ? name : old);
      expect(Buffer.from(values.buffer).equals(Buffer.from((await safe.tensor(name)).buffer)), name).toBe(
        true,
      );
    }
    await torch.close();
    await safe.close();
  });

  it('a directory with only the older form is a whole model', async () => {
    const model = await openModel(shared.path('bert/tiny-bert-legacy/BertForPreTraining'));
    expect(await checkWeights(model, model.head)).toEqual(['bert.embeddings.position_ids']);
  });
});

describe('sharded torch files', () => {
  it('give what one file gives', async () => {
    const tensors = Object.entries(await smallTensors('question-answering'));
    const directory = await writeModel(files.path('shards'), undefined);
    const map: Record<string, string> = {};
    for (const part of [0, 1]) {
      const mine = tensors.filter((_, at) => at % 2 === part);
      const value = t.dict(
        ...mine.map(([name, { shape, bytes }], key): [Buffer, Buffer] => {
          const stride = shape.map((_, axis) => shape.slice(axis + 1).reduce((p, d) => p * d, 1));
          return [t.str(name), t.tensor({ key: String(key), elements: bytes.length / 4, shape, stride })];
        }),
      );
      const data = Object.fromEntries(mine.map(([, { bytes }], key) => [key, Buffer.from(bytes)]));
      const file = `pytorch_model-0000${part + 1}-of-00002.bin`;
      for (const [name] of mine) map[name] = file;
      await writeFile(join(directory, file), t.torchZip(value, data));
    }
    await writeFile(join(directory, 'pytorch_model.bin.index.json'), JSON.stringify({ weight_map: map }));
    const model = await openModel(directory);
    expect(await checkWeights(model, model.head)).toEqual([]);
    const weights = await openWeights(model.weights);
    for (const [name, { shape, bytes }] of tensors) {
      expect(Buffer.from((await weights.tensor(name, shape)).buffer), name).toEqual(Buffer.from(bytes));
    }
    await weights.close();
  });
});
