import { InputError } from 'ipu-pipeline';
import { decode, encode, loadTokenizer, type Tokenizer } from 'ipu-pipeline/tokenizer';
import { describe, expect, it, vi } from 'vitest';
import { directory, VOCAB, type Files } from './directories.js';

const load = async (files: Files, flavour?: 'slow' | 'fast'): Promise<Tokenizer> =>
  loadTokenizer(await directory({ 'vocab.txt': VOCAB.join('\n'), ...files }), {
    onWarning: () => undefined,
    ...(flavour && { flavour }),
  });
const texts = (tokenizer: Tokenizer, text: string): string[] =>
  tokenizer.pieces(text).map((id) => tokenizer.vocabulary.pieces[id]!);

describe('a tokenizer from a directory', () => {
  it.each([
    ['line feeds', VOCAB.join('\n')],
    ['a last line feed', `${VOCAB.join('\n')}\n`],
    ['carriage returns', `${VOCAB.join('\r\n')}\r\n`],
    ['a byte order mark', `\ufeff${VOCAB.join('\n')}`],
  ])('reads a vocabulary with %s', async (_, vocab) => {
    const tokenizer = await load({ 'vocab.txt': vocab });
    expect(tokenizer.vocabulary.pieces).toEqual(VOCAB);
    expect(tokenizer.flavour).toBe('fast');
  });

  it('has other special pieces where the files name some, the map first', async () => {
    const vocab = ['<pad>', '<unk>', '<cls>', '<sep>', '<mask>', 'the'].join('\n');
    const object = (content: string) => ({ content, lstrip: false, special: true });
    const tokenizer = await load({
      'vocab.txt': vocab,
      'tokenizer_config.json': {
        pad_token: '<pad>',
        unk_token: '<unk>',
        mask_token: '[MASK]',
        cls_token: null,
      },
      'special_tokens_map.json': {
        cls_token: object('<cls>'),
        sep_token: '<sep>',
        mask_token: object('<mask>'),
      },
    });
    expect(encode(tokenizer, 'the <mask> x').ids).toEqual([2, 5, 4, 1, 3]);
  });

  it('has tokens that come after the vocabulary', async () => {
    const entry = (content: string, special: boolean) => ({ content, special, normalized: false });
    const tokenizer = await load({
      'tokenizer_config.json': {
        added_tokens_decoder: { 0: entry('[PAD]', true), 11: entry('[E2]', true), 10: entry('[E1]', false) },
      },
    });
    expect(tokenizer.pieces('The [E1][E2]')).toEqual([5, 10, 11]);
    expect(decode(tokenizer, [5, 10, 11])).toBe('the [E1]');
    const older = await load({
      'added_tokens.json': { '[E1]': 10 },
      'special_tokens_map.json': { additional_special_tokens: ['[E1]'] },
    });
    expect(older.pieces('[E1]')).toEqual([10]);
    expect(decode(older, [5, 10])).toBe('the');
  });

  it('takes what transformers writes for "no limit" as no limit', async () => {
    const limit = async (config: object) => (await load({ 'tokenizer_config.json': config })).modelMaxLength;
    expect(await limit({ model_max_length: 1e30 })).toBe(Infinity);
    expect(await limit({})).toBe(Infinity);
    expect(await limit({ model_max_length: 512 })).toBe(512);
    expect(await limit({ model_max_length: null })).toBe(Infinity);
    const python = (text: string) => load({ 'tokenizer_config.json': `{"model_max_length": ${text}}` });
    expect((await python('Infinity')).modelMaxLength).toBe(Infinity);
    await expect(python('-Infinity')).rejects.toThrow('model_max_length is -Infinity');
    await expect(python('NaN')).rejects.toThrow('model_max_length is wrong');
    const quoted = '{"never_split": ["NaN", "Infinity\\""], "model_max_length": Infinity}';
    await expect(load({ 'tokenizer_config.json': quoted })).resolves.toBeDefined();
  });

  it('takes null, as Python writes what was not given, for what is not there', async () => {
    const nulls = {
      ...{ do_lower_case: null, tokenize_chinese_chars: null, strip_accents: null, never_split: null },
      ...{ added_tokens_decoder: null, additional_special_tokens: null, tokenizer_class: null },
    };
    expect(texts(await load({ 'tokenizer_config.json': nulls }), 'The')).toEqual(['the']);
  });

  it('says so when a cased vocabulary is used in lower case because no file says otherwise', async () => {
    const cased = [...VOCAB.slice(0, 5), 'The', 'Wolf', 'the', 'wolf'].join('\n');
    const warned = vi.fn<(message: string) => void>();
    const options = { onWarning: warned };
    const tokenizer = await loadTokenizer(await directory({ 'vocab.txt': cased }), options);
    expect(texts(tokenizer, 'The')).toEqual(['the']);
    expect(warned).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(/no tokenizer_config\.json.*do_lower_case/s),
    );
    warned.mockClear();
    await loadTokenizer(await directory({ 'vocab.txt': cased, 'tokenizer_config.json': {} }), options);
    await loadTokenizer(
      await directory({ 'vocab.txt': cased.toLowerCase().replace(/\[\w+\]/g, (s) => s.toUpperCase()) }),
      options,
    );
    expect(warned).not.toHaveBeenCalled();
  });

  it('knows a Git LFS pointer in place of any of its files', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n';
    for (const file of ['vocab.txt', 'tokenizer.json', 'tokenizer_config.json', 'added_tokens.json']) {
      await expect(load({ [file]: pointer })).rejects.toThrow(`${file} is a Git LFS pointer`);
    }
  });

  it('follows strip_accents, do_lower_case, tokenize_chinese_chars and never_split', async () => {
    const accents = { do_lower_case: true, strip_accents: false };
    expect(texts(await load({ 'tokenizer_config.json': accents }), 'É')).toEqual(['é']);
    const cased = { do_lower_case: false, strip_accents: null };
    expect(texts(await load({ 'tokenizer_config.json': cased }), 'The é')).toEqual(['The', 'é']);
    const joined = { tokenize_chinese_chars: false };
    expect(texts(await load({ 'tokenizer_config.json': joined }), 'the中the')).toEqual(['[UNK]']);
    const never = { 'tokenizer_config.json': { never_split: ['the.d'] } };
    expect(texts(await load(never, 'slow'), 'the.d')).toEqual(['[UNK]']);
    expect(texts(await load(never), 'the.d')).toEqual(['the', '[UNK]', '[UNK]']);
    // The slow flavour, like upstream's, compares what lower case and cleaning have left.
    expect(texts(await load(never, 'slow'), 'THE.D x\u200bThe.d')).toEqual([
      '[UNK]',
      '[UNK]',
      '[UNK]',
      '[UNK]',
    ]);
    expect(texts(await load({ 'tokenizer_config.json': { never_split: ['e.d'] } }, 'slow'), 'É.d')).toEqual([
      '[UNK]',
    ]);
  });

  it.each(['BertTokenizer', 'BertTokenizerFast', 'DistilBertTokenizer', 'ElectraTokenizerFast'])(
    'takes the class %s',
    async (name) => {
      await expect(load({ 'tokenizer_config.json': { tokenizer_class: name } })).resolves.toBeDefined();
    },
  );

  it.each<[string, Files, string]>([
    ['a vocabulary without [UNK]', { 'vocab.txt': VOCAB.join('\n').replace('[UNK]', 'x') }, 'has no [UNK]:'],
    ['special tokens of a wrong type', { 'special_tokens_map.json': { cls_token: 7 } }, 'cls_token is wrong'],
    ['a list for a configuration', { 'tokenizer_config.json': '[]' }, 'holds a list'],
    ['an empty configuration file', { 'tokenizer_config.json': '' }, 'is not JSON'],
    ['a limit of 0', { 'tokenizer_config.json': { model_max_length: 0 } }, 'model_max_length is 0'],
    [
      'the tokenizer of another model',
      { 'tokenizer_config.json': { tokenizer_class: 'BertJapaneseTokenizer' } },
      'tokenizer_class is BertJapaneseTokenizer',
    ],
    [
      'an added token that takes the id of another',
      { 'added_tokens.json': { '[E1]': 5 } },
      'id 5 is "the" in the vocabulary, but the added token "[E1]" claims it',
    ],
    ['added tokens with a gap', { 'added_tokens.json': { '[E1]': 12 } }, 'the next free one is 10'],
    [
      'an id that is no number',
      { 'tokenizer_config.json': { added_tokens_decoder: { x: { content: 'y' } } } },
      'an id is a whole number',
    ],
  ])('refuses %s', async (_, files, message) => {
    const loading = load(files);
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(message);
  });

  it('refuses to leave out basic tokenisation in the slow flavour, which would heed it', async () => {
    const files = { 'tokenizer_config.json': { do_basic_tokenize: false } };
    await expect(load(files, 'slow')).rejects.toThrow('do_basic_tokenize is false');
    await expect(load(files)).resolves.toBeDefined();
  });

  it('names a directory that is not there', async () => {
    const loading = loadTokenizer('/nowhere/at/all');
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow('/nowhere/at/all');
  });
});
