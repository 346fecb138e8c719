import { InputError } from 'ipu-pipeline';
import { decode, encode, loadTokenizer, type Tokenizer } from 'ipu-pipeline/tokenizer';
import { describe, expect, it } from 'vitest';
import { added, addedTo, directory, tokenizerJson, type Files } from './directories.js';

const PIECES = ['covid', 'co', '##vi', '##d', 'The', 'the', 'a', 'b'];
const json = (over: object = {}): object => tokenizerJson(PIECES, over);
const cased = {
  normalizer: {
    ...{ type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true },
    ...{ strip_accents: null, lowercase: false },
  },
};
const withAdded = (...tokens: object[]): object => addedTo(json(), ...tokens);
const load = async (files: Files): Promise<Tokenizer> => loadTokenizer(await directory(files));
const texts = (tokenizer: Tokenizer, text: string): string[] =>
  tokenizer.pieces(text).map((id) => tokenizer.vocabulary.pieces[id]!);

describe('tokenizer.json', () => {
  it('is enough, without any other file', async () => {
    const tokenizer = await load({ 'tokenizer.json': json() });
    expect(encode(tokenizer, 'THE covid').ids).toEqual([2, 10, 5, 3]);
    expect(decode(tokenizer, [2, 6, 7, 8, 3])).toBe('covid');
  });

  it('counts before vocab.txt, as in the fast tokenizers of transformers', async () => {
    const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'x', 'the'].join('\n');
    const files = { 'tokenizer.json': json(), 'vocab.txt': vocab };
    expect((await load(files)).pieces('the')).toEqual([10]);
    const slow = await loadTokenizer(await directory(files), { flavour: 'slow' });
    expect(slow.pieces('the')).toEqual([6]);
  });

  it.each(['PreTrainedTokenizerFast', 'TokenizersBackend'])(
    'alone says whether %s lowercases',
    async (tokenizer_class) => {
      const files = { 'tokenizer.json': json(cased), 'tokenizer_config.json': { tokenizer_class } };
      expect(texts(await load(files), 'The the')).toEqual(['The', 'the']);
      const contrary = { tokenizer_class, do_lower_case: true };
      expect(texts(await load({ ...files, 'tokenizer_config.json': contrary }), 'The')).toEqual(['The']);
    },
  );

  it('is overruled by the arguments of BERT’s own classes, given or by default', async () => {
    const files = { 'tokenizer.json': json(cased) };
    const bert = { tokenizer_class: 'BertTokenizer' };
    expect(texts(await load({ ...files, 'tokenizer_config.json': bert }), 'The')).toEqual(['the']);
    const keep = { ...bert, do_lower_case: false };
    expect(texts(await load({ ...files, 'tokenizer_config.json': keep }), 'The')).toEqual(['The']);
    expect(texts(await load(files), 'The')).toEqual(['The']);
  });

  it('names the special tokens of its rows', async () => {
    const post_processor = {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: 'end', type_id: 2 } }],
      pair: [
        { Sequence: { id: 'B', type_id: 1 } },
        { SpecialToken: { id: 'end', type_id: 2 } },
        { Sequence: { id: 'A', type_id: 0 } },
      ],
      special_tokens: { end: { id: 'end', ids: [3, 4], tokens: ['[SEP]', '[MASK]'] } },
    };
    const tokenizer = await load({ 'tokenizer.json': json({ post_processor }) });
    expect(encode(tokenizer, 'a')).toMatchObject({ ids: [11, 3, 4], typeIds: [0, 2, 2] });
    expect(encode(tokenizer, 'a', 'b')).toMatchObject({
      ...{ ids: [12, 3, 4, 11], typeIds: [1, 2, 2, 0], sequenceIds: [1, -1, -1, 0] },
    });
    const cut = encode(tokenizer, 'a a a', 'b', { maxLength: 4, truncation: 'longest_first' });
    expect(cut.ids).toEqual([12, 3, 4, 11]);
  });

  it.each<[string, object, RegExp]>([
    [
      'a model',
      { model: { type: 'WordLevel', vocab: {} } },
      /model is of the type "WordLevel".*WordPiece, BPE/,
    ],
    ['a normalizer', { normalizer: { type: 'Precompiled' } }, /normalizer is of the type "Precompiled"/],
    [
      'a normalizer within another',
      { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'ByteLevel' }] } },
      /normalizer\.normalizers\.1 is of the type "ByteLevel"/,
    ],
    ['a pre-tokenizer', { pre_tokenizer: { type: 'Metaspace' } }, /pre_tokenizer is of the type "Metaspace"/],
    [
      'a regular expression',
      { pre_tokenizer: { type: 'Split', pattern: { Regex: 'a+' }, behavior: 'Removed' } },
      /pre_tokenizer: pattern is wrong: only patterns .* not regular expressions/,
    ],
    [
      'a post-processor',
      { post_processor: { type: 'RobertaProcessing' } },
      /post_processor is of the type "RobertaProcessing"/,
    ],
    ['a decoder', { decoder: { type: 'Metaspace' } }, /decoder is of the type "Metaspace"/],
    [
      'a vocabulary without [CLS]',
      { added_tokens: [], model: { type: 'WordPiece', unk_token: 'x', vocab: { x: 0 } } },
      /\[CLS\]/,
    ],
    [
      'an id far beyond all others',
      { model: { type: 'WordPiece', unk_token: '[UNK]', vocab: { ...ids(), z: 1e9 } } },
      /one of them has the id 1000000000/,
    ],
    ['no model', { model: undefined }, /model/],
    [
      'a template with a token that it does not explain',
      {
        post_processor: {
          ...{ type: 'TemplateProcessing', pair: [], special_tokens: {} },
          single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }],
        },
      },
      /special token "\[CLS\]", which its special_tokens do not have/,
    ],
  ])('refuses %s that is not known, by name', async (_, over, message) => {
    const loading = load({ 'tokenizer.json': json(over) });
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(message);
  });

  it('says so when the class has no other file, and it is missing', async () => {
    const files = { 'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizerFast' } };
    await expect(load(files)).rejects.toThrow(/PreTrainedTokenizerFast, whose only file is tokenizer.json/);
  });
});

function ids(): Record<string, number> {
  return (json() as { model: { vocab: Record<string, number> } }).model.vocab;
}

describe('added tokens', () => {
  it('that only tokenizer.json has are found, also those that version 5 lists', async () => {
    const files = {
      'tokenizer.json': withAdded(added('[E1]', { special: true })),
      'tokenizer_config.json': { tokenizer_class: 'BertTokenizer', extra_special_tokens: ['[E1]'] },
    };
    expect((await load(files)).pieces('a [E1] b')).toEqual([11, 13, 12]);
  });

  it.each<[string, Files]>([
    ['extra_special_tokens', { 'tokenizer_config.json': { extra_special_tokens: ['[E1]'] } }],
    ['extra_special_tokens by name', { 'tokenizer_config.json': { extra_special_tokens: { e: '[E1]' } } }],
    ['additional_special_tokens', { 'special_tokens_map.json': { additional_special_tokens: ['[E1]'] } }],
    ['added_tokens.json', { 'added_tokens.json': { '[E1]': 13 } }],
    [
      'added_tokens_decoder',
      { 'tokenizer_config.json': { added_tokens_decoder: { 13: { content: '[E1]', special: true } } } },
    ],
  ])('that only %s names are found, in every flavour', async (_, files) => {
    expect((await load({ 'tokenizer.json': json(), ...files })).pieces('a [E1]')).toEqual([11, 13]);
    const vocab = Object.keys(ids()).join('\n');
    for (const flavour of ['fast', 'slow'] as const) {
      const tokenizer = await loadTokenizer(await directory({ 'vocab.txt': vocab, ...files }), { flavour });
      expect(tokenizer.pieces('a [E1]')).toEqual([11, 13]);
      expect(tokenizer.vocabulary.pieces[13]).toBe('[E1]');
    }
  });

  it('with an id that is not theirs are an error', async () => {
    const decoder = { added_tokens_decoder: { 15: { content: '[E1]', special: true } } };
    const loading = load({ 'tokenizer.json': json(), 'tokenizer_config.json': decoder });
    await expect(loading).rejects.toThrow(/"\[E1\]" has id 15, but the next free one is 13/);
    const taken = { added_tokens_decoder: { 12: { content: 'a' } } };
    await expect(load({ 'tokenizer.json': json(), 'tokenizer_config.json': taken })).rejects.toThrow(
      /id 12 is "b" in the vocabulary/,
    );
  });

  it.each(['fast', 'slow'] as const)(
    'that are normalised are found in any case, others are not (%s)',
    async (flavour) => {
      const vocab = Object.keys(ids()).filter((piece) => piece !== 'covid');
      const decoder = (normalized: boolean) => ({
        'vocab.txt': vocab.join('\n'),
        'tokenizer_config.json': {
          added_tokens_decoder: { 12: { content: 'CoVid', special: false, normalized } },
        },
      });
      const read = async (normalized: boolean, text: string) =>
        texts(await loadTokenizer(await directory(decoder(normalized)), { flavour }), text);
      expect(await read(true, 'covid COVID aCoVidb')).toEqual(['CoVid', 'CoVid', 'a', 'CoVid', 'b']);
      const pieces = ['co', '##vi', '##d'];
      expect(await read(false, 'covid CoVid COVID')).toEqual([...pieces, 'CoVid', ...pieces]);
    },
  );

  it('have places that take white space where they say so, and stand alone where they must', async () => {
    const tokens = [
      added('<l>', { lstrip: true }),
      added('<r>', { id: 14, rstrip: true }),
      added('<w>', { id: 15, single_word: true }),
    ];
    const tokenizer = await load({ 'tokenizer.json': withAdded(...tokens) });
    expect(tokenizer.tokenize('a  <l>a<r>  b')).toEqual({
      ...{ ids: [11, 13, 11, 14, 12], starts: [0, 1, 6, 7, 12], ends: [1, 6, 7, 12, 13] },
    });
    expect(texts(tokenizer, 'a <w> b')).toEqual(['a', '<w>', 'b']);
    expect(texts(tokenizer, 'a<w> b')).not.toContain('<w>');
  });

  it('of which nothing is left are refused', async () => {
    const files = { 'tokenizer.json': withAdded(added('\u0301', { normalized: true })) };
    await expect(load(files)).rejects.toThrow(/nothing is left of the added token/);
  });
});

describe('the class of a tokenizer', () => {
  const vocab = { 'vocab.txt': Object.keys(ids()).join('\n') };

  it.each<[string, Files, string]>([
    [
      'config.json',
      { 'config.json': { tokenizer_class: 'BertJapaneseTokenizer' } },
      'config.json: tokenizer_class is BertJ',
    ],
    [
      'tokenizer_config.json',
      { 'tokenizer_config.json': { tokenizer_class: 'CodeGenTokenizer' } },
      'tokenizer_config.json: tokenizer_class is CodeG',
    ],
    [
      'tokenizer_config.json, a key',
      { 'tokenizer_config.json': { word_tokenizer_type: 'mecab' } },
      'word_tokenizer_type is "mecab"',
    ],
    [
      'config.json, a key',
      { 'config.json': { subword_tokenizer_type: 'character' } },
      'config.json: subword_tokenizer_type',
    ],
    ['another key', { 'tokenizer_config.json': { mecab_kwargs: { mecab_dic: 'ipadic' } } }, 'mecab_kwargs'],
    ['no name', { 'config.json': { tokenizer_class: 7 } }, 'tokenizer_class is wrong: 7'],
  ])('is refused by name where it is none that is known: %s', async (_, files, message) => {
    await expect(load({ ...vocab, ...files })).rejects.toThrow(message);
    await expect(load({ 'tokenizer.json': json(), ...files })).rejects.toThrow(message);
  });

  it('is looked for in tokenizer_config.json first', async () => {
    const files = {
      'tokenizer_config.json': {
        tokenizer_class: 'BertTokenizer',
        mecab_kwargs: null,
        do_subword_tokenize: true,
      },
      'config.json': { tokenizer_class: 'BertJapaneseTokenizer' },
    };
    await expect(load({ ...vocab, ...files })).resolves.toBeDefined();
  });
});
