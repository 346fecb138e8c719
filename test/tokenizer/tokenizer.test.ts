import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { InputError } from 'ipu-pipeline';
import {
  BertTokenizer,
  codePointOffsets,
  decode,
  encode,
  encodeBatch,
  encodeWindows,
  loadTokenizer,
  Vocabulary,
  type Tokenizer,
  type TokenizerFlavour,
} from 'ipu-pipeline/tokenizer';
import { syntheticVocabulary } from 'ipu-pipeline/internals';
import { afterEach, describe, expect, it } from 'vitest';

const SPECIALS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const small = new Vocabulary([
  ...SPECIALS,
  'un',
  '##aff',
  '##able',
  'want',
  '##ed',
  'the',
  ',',
  '中',
  'e',
  '##e',
  'σ',
]);
const synthetic = new Vocabulary(syntheticVocabulary());
const flavours: TokenizerFlavour[] = ['slow', 'fast'];

function tokens(tokenizer: Tokenizer, text: string): string[] {
  return tokenizer.pieces(text).map((id) => tokenizer.vocabulary.pieces[id]!);
}

describe.each(flavours)('the %s tokenizer', (flavour) => {
  const tokenizer = new BertTokenizer(small, { flavour });

  it.each([
    ['UNaffable, wanted', ['un', '##aff', '##able', ',', 'want', '##ed']],
    ['unaffablex', ['[UNK]']],
    ['é\u0301É', ['e', '##e']],
    ['the中the', ['the', '中', 'the']],
    ['the\u200b\u0000the', ['[UNK]']],
    ['[MASK]the[mask]', ['[MASK]', 'the', '[UNK]', '[UNK]', '[UNK]']],
    ['Σ', ['σ']],
    [' \t\r\n\u3000', []],
    ['x'.repeat(101), ['[UNK]']],
  ])('cuts %j', (text, expected) => {
    expect(tokens(tokenizer, text)).toEqual(expected);
  });

  it('says where each piece stands, dropped marks left out', () => {
    const text = '  E\u0301 Unaffable';
    const { starts, ends } = tokenizer.tokenize(text);
    expect(starts.map((start, at) => text.slice(start, ends[at]))).toEqual(['E', 'Un', 'aff', 'able']);
    expect(codePointOffsets('😀the', [[2, 5]])).toEqual([[1, 4]]);
  });

  it('has offsets that slice ASCII text back to its pieces', () => {
    const cased = new BertTokenizer(synthetic, { flavour });
    const ascii = fc.string({ unit: fc.constantFrom(...'abcXYZ09 .,!?-\n\t') });
    fc.assert(
      fc.property(ascii, (text) => {
        const { ids, starts, ends } = cased.tokenize(text);
        const pieces = ids.map((id) => synthetic.pieces[id]!.replace(/^##(?=.)/, ''));
        expect(starts.map((start, at) => text.slice(start, ends[at]).toLowerCase())).toEqual(pieces);
      }),
    );
  });

  it('takes any text; offsets are in range and in order', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, lowerCase) => {
        const { starts, ends } = new BertTokenizer(synthetic, { flavour, lowerCase }).tokenize(text);
        starts.forEach((start, at) => {
          expect(start).toBeGreaterThanOrEqual(at === 0 ? 0 : starts[at - 1]!);
          expect(ends[at]).toBeGreaterThan(start);
          expect(ends[at]).toBeLessThanOrEqual(text.length);
        });
      }),
    );
  });

  it('never has more pieces than there is room for', () => {
    const words = fc.array(fc.constantFrom('the', 'wanted', 'unaffable'), { maxLength: 12 });
    fc.assert(
      fc.property(words, words, fc.integer({ min: 3, max: 30 }), (a, b, maxLength) => {
        const options = { maxLength, truncation: 'longest_first', padding: 'max_length' } as const;
        const row = encode(tokenizer, a.join(' '), b.join(' '), options);
        expect(row.ids).toHaveLength(maxLength);
        const real = row.attentionMask.filter((one) => one === 1).length;
        expect(row.ids.slice(real).every((id) => id === tokenizer.padId)).toBe(true);
        expect(row.ids.slice(0, real).at(-1)).toBe(tokenizer.sepId);
      }),
    );
  });
});

describe('windows', () => {
  const tokenizer = new BertTokenizer(synthetic);

  it('show every piece of the context, neighbours sharing the stride', () => {
    const text = fc.array(fc.constantFrom('the', 'pipeline', 'of', 'x9', 'q'), {
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 1, max: 12 }),
        (words, stride, step) => {
          const context = words.join(' ');
          const pieces = tokenizer.pieces(context);
          const question = tokenizer.pieces('who').length;
          const windows = encodeWindows(tokenizer, 'who', context, {
            maxLength: question + 3 + stride + step,
            stride,
          });
          let next = 0;
          windows.forEach(({ ids, sequenceIds }, w) => {
            const own = ids.filter((_, at) => sequenceIds[at] === 1);
            const from = w * step;
            expect(own).toEqual(pieces.slice(from, from + own.length));
            expect(from).toBeLessThanOrEqual(next);
            next = from + own.length;
          });
          expect(next).toBe(pieces.length);
        },
      ),
    );
  });

  it('are refused when the question leaves no room', () => {
    const run = () => encodeWindows(tokenizer, 'who '.repeat(30), 'the', { maxLength: 20, stride: 4 });
    expect(run).toThrow(InputError);
    expect(run).toThrow('the question has 30 pieces');
  });
});

describe('the synthetic vocabulary', () => {
  const tokenizer = new BertTokenizer(synthetic);

  it('takes any printable ASCII apart, and accented Latin', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 90 }), (text) => {
        expect(tokens(tokenizer, text)).not.toContain('[UNK]');
      }),
    );
    expect(tokens(tokenizer, 'Crème brûlée à Zürich, año')).not.toContain('[UNK]');
  });

  it('has each piece once, fewer than the published vocabulary, specials first', () => {
    const pieces = syntheticVocabulary();
    expect(new Set(pieces).size).toBe(pieces.length);
    expect(pieces.slice(0, 5)).toEqual(SPECIALS);
    expect(pieces.length).toBeLessThan(30_522);
  });
});

describe('decoding', () => {
  it('gives plain words back', () => {
    const tokenizer = new BertTokenizer(synthetic);
    const text = 'the pipeline of the machine, and more.';
    expect(decode(tokenizer, encode(tokenizer, text).ids)).toBe(text);
    expect(decode(tokenizer, encode(tokenizer, 'the').ids, { skipSpecialTokens: false })).toBe(
      '[CLS] the [SEP]',
    );
  });
});

describe('batches', () => {
  it('are padded to the longest row, or to a multiple', () => {
    const tokenizer = new BertTokenizer(small);
    const lengths = (options: object) =>
      encodeBatch(tokenizer, ['the', 'the the the'], undefined, options).map(({ ids }) => ids.length);
    expect(lengths({})).toEqual([3, 5]);
    expect(lengths({ padding: 'longest' })).toEqual([5, 5]);
    expect(lengths({ padding: 'longest', padToMultipleOf: 8 })).toEqual([8, 8]);
    expect(() => lengths({ padding: 'max_length' })).toThrow('needs a maxLength');
  });
});

describe('a tokenizer from a directory', () => {
  const written: string[] = [];
  afterEach(async () => {
    for (const directory of written.splice(0)) await rm(directory, { recursive: true });
  });
  async function directory(files: Record<string, string | Uint8Array>): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'ipu-pipeline-tokenizer-'));
    written.push(path);
    for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
    return path;
  }
  const vocab = [...SPECIALS, 'the', 'The', '##d'].join('\n');

  it('follows tokenizer_config.json', async () => {
    const lower = await loadTokenizer(await directory({ 'vocab.txt': vocab }));
    expect(tokens(lower, 'The')).toEqual(['the']);
    const config = '{"do_lower_case": false, "model_max_length": 128, "unk_token": {"content": "[UNK]"}}';
    const cased = await loadTokenizer(
      await directory({ 'vocab.txt': vocab, 'tokenizer_config.json': config }),
    );
    expect(tokens(cased, 'The thed')).toEqual(['The', 'the', '##d']);
    expect(cased.modelMaxLength).toBe(128);
  });

  it.each<[string, Record<string, string | Uint8Array>, string]>([
    ['no vocabulary', {}, 'cannot read the vocabulary'],
    ['an empty vocabulary', { 'vocab.txt': '' }, 'has no pieces'],
    [
      'a vocabulary of something else',
      { 'vocab.txt': 'a\nb\n' },
      'has no [UNK], [CLS], [SEP], [PAD], [MASK]',
    ],
    ['bytes that are no text', { 'vocab.txt': Uint8Array.of(0xff, 0xfe, 0x41) }, 'is not UTF-8'],
    [
      'a configuration that is no JSON',
      { 'vocab.txt': vocab, 'tokenizer_config.json': '{' },
      'tokenizer_config.json is not JSON',
    ],
    [
      'a configuration of the wrong types',
      { 'vocab.txt': vocab, 'tokenizer_config.json': '{"do_lower_case": "yes"}' },
      'do_lower_case is wrong',
    ],
  ])('refuses %s', async (_, files, message) => {
    const loading = loadTokenizer(await directory(files));
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(message);
  });
});
