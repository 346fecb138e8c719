import { InputError } from 'ipu-pipeline';
import { decode, encode, encodeWindows, loadTokenizer, type Tokenizer } from 'ipu-pipeline/tokenizer';
import { describe, expect, it } from 'vitest';
import { added, directory, type Files } from './directories.js';

/** GPT-2's letters for bytes. */
const printable = (byte: number): boolean => byte > 0x20 && byte !== 0xad && (byte < 0x7f || byte > 0xa0);
const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !printable(byte));
const SYMBOLS = Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(printable(byte) ? byte : 0x100 + others.indexOf(byte)),
);

const MERGES = ['Ġ t', 'h e', 'Ġt he', 'Ġ a', 't he'];
const PIECES = [
  ...['<s>', '<pad>', '</s>', '<unk>'],
  ...SYMBOLS,
  ...MERGES.map((merge) => merge.replace(' ', '')),
  '<mask>',
];
const VOCAB = Object.fromEntries(PIECES.map((piece, id) => [piece, id]));

const byteLevel = (over: object = {}): object => ({
  ...{ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true, ...over },
});
const roberta = {
  ...{ type: 'RobertaProcessing', sep: ['</s>', 2], cls: ['<s>', 0] },
  ...{ trim_offsets: true, add_prefix_space: false },
};
/** A tokenizer.json as transformers writes it for RoBERTa. */
const json = (over: object = {}, model: object = {}): object => ({
  ...{ version: '1.0', truncation: null, padding: null, normalizer: null },
  added_tokens: ['<s>', '<pad>', '</s>', '<unk>', '<mask>'].map((content) =>
    added(content, { id: VOCAB[content], special: true, lstrip: content === '<mask>' }),
  ),
  ...{ pre_tokenizer: byteLevel(), post_processor: roberta, decoder: byteLevel() },
  model: {
    ...{ type: 'BPE', dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false },
    ...{ continuing_subword_prefix: '', end_of_word_suffix: '', ignore_merges: false },
    ...{ vocab: VOCAB, merges: MERGES, ...model },
  },
  ...over,
});
const files = { 'vocab.json': VOCAB, 'merges.txt': `#version: 0.2\n${MERGES.join('\n')}\n` };
const config = (over: object): Files => ({
  'tokenizer_config.json': { tokenizer_class: 'RobertaTokenizer', ...over },
});

const load = async (all: Files, flavour: 'slow' | 'fast' = 'fast'): Promise<Tokenizer> =>
  loadTokenizer(await directory(all), { flavour });
const piecesOf = (tokenizer: Tokenizer, text: string): string[] =>
  tokenizer.pieces(text).map((id) => tokenizer.vocabulary.pieces[id]!);

describe('a byte-level tokenizer.json', () => {
  it('gives what vocab.json and merges.txt give, merges as texts or as pairs', async () => {
    const pairs = MERGES.map((merge) => merge.split(' '));
    const all = await Promise.all([
      load(files),
      load({ 'tokenizer.json': json() }),
      load({ 'tokenizer.json': json({}, { merges: pairs }) }),
    ]);
    for (const tokenizer of all) {
      const row = encode(tokenizer, 'the <mask> é', 'a the');
      expect(row.ids.map((id) => PIECES[id])).toEqual([
        ...['<s>', 'the', '<mask>', 'Ġ', 'Ã', '©', '</s>', '</s>', 'a', 'Ġthe', '</s>'],
      ]);
      const places = [...[0, 3, 4, 10, 11, 11], ...[11, 12, 11, 12]];
      expect(row.offsets.slice(1, 6).flat()).toEqual(places);
      expect(decode(tokenizer, row.ids)).toBe('the éa the');
    }
  });

  it('says whether words are cut, merged or kept whole', async () => {
    const uncut = { pre_tokenizer: byteLevel({ use_regex: false, add_prefix_space: true }) };
    const across = { merges: ['t Ġ'], vocab: { ...VOCAB, tĠ: PIECES.length } };
    expect(piecesOf(await load({ 'tokenizer.json': json(uncut, across) }), 't t')).toEqual(['Ġ', 'tĠ', 't']);
    expect(piecesOf(await load({ 'tokenizer.json': json({}, across) }), 't t')).toEqual(['t', 'Ġ', 't']);
    const whole = await load({ 'tokenizer.json': json({}, { merges: [], ignore_merges: true }) });
    expect(piecesOf(whole, 'the then')).toEqual(['the', 'Ġ', 't', 'h', 'e', 'n']);
  });

  it('cuts and normalises before, with the places of the text as it was', async () => {
    const pre_tokenizer = {
      type: 'Sequence',
      pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel()],
    };
    const tokenizer = await load({
      'tokenizer.json': json({ pre_tokenizer, normalizer: { type: 'Lowercase' } }),
    });
    const { starts, ends } = tokenizer.tokenize('THE12');
    expect(piecesOf(tokenizer, 'THE12')).toEqual(['the', '1', '2']);
    expect([...starts, ...ends]).toEqual([0, 3, 4, 3, 4, 5]);
  });

  it('takes the file’s word for trimming, unless RoBERTa’s class is named', async () => {
    const untrimmed = {
      pre_tokenizer: byteLevel({ add_prefix_space: true }),
      post_processor: { ...roberta, trim_offsets: false, add_prefix_space: true },
    };
    const places = async (over: Files): Promise<(string | number)[]> => {
      const tokenizer = await load({ 'tokenizer.json': json(untrimmed), ...over });
      return [...piecesOf(tokenizer, 'the the'), ...tokenizer.tokenize('the the').starts];
    };
    expect(await places({})).toEqual(['Ġthe', 'Ġthe', 0, 3]);
    const backend = config({ tokenizer_class: 'PreTrainedTokenizerFast', trim_offsets: true });
    expect(await places(backend)).toEqual(['Ġthe', 'Ġthe', 0, 3]);
    expect(await places(config({}))).toEqual(['the', 'Ġthe', 0, 4]);
    const said = config({ add_prefix_space: true, trim_offsets: true });
    expect(await places(said)).toEqual(['Ġthe', 'Ġthe', 0, 4]);
  });

  it('has rows by a template behind trimming', async () => {
    const text = (id: string, type_id: number): object => ({ Sequence: { id, type_id } });
    const template = {
      ...{ type: 'TemplateProcessing', pair: [text('A', 0), text('B', 1)] },
      single: [text('A', 0), { SpecialToken: { id: '</s>', type_id: 0 } }],
      special_tokens: { '</s>': { id: '</s>', ids: [2], tokens: ['</s>'] } },
    };
    const post_processor = { type: 'Sequence', processors: [byteLevel(), template] };
    const tokenizer = await load({ 'tokenizer.json': json({ post_processor }) });
    const { ids, offsets } = encode(tokenizer, 'a the');
    expect(ids).toEqual([VOCAB['a'], VOCAB['Ġthe'], 2]);
    expect(offsets.flat()).toEqual([0, 1, 2, 5, 0, 0]);
    expect(encode(tokenizer, 'a', 'a').typeIds).toEqual([0, 1]);
  });

  it('has an unknown piece for bytes that its vocabulary has not, or refuses the text that has them', async () => {
    const vocab = Object.fromEntries(PIECES.filter((piece) => piece !== 'z').map((piece, id) => [piece, id]));
    const known = await load({ 'tokenizer.json': json({}, { vocab, unk_token: '<unk>' }) });
    expect(piecesOf(known, 'zza')).toEqual(['<unk>', '<unk>', 'a']);
    const fused = await load({
      'tokenizer.json': json({}, { vocab, unk_token: '<unk>', fuse_unk: true }),
    });
    expect(piecesOf(fused, 'zza')).toEqual(['<unk>', 'a']);
    expect(fused.tokenize('zza').ends).toEqual([2, 3]);
    const none = await load({ 'tokenizer.json': json({}, { vocab }) });
    expect(piecesOf(none, 'a')).toEqual(['a']);
    expect(() => none.tokenize('za')).toThrow(InputError);
    expect(() => none.tokenize('za')).toThrow('the byte 0x7a, for which the vocabulary has no piece (z)');
  });

  it.each<[string, object, RegExp]>([
    ['dropout', json({}, { dropout: 0.1 }), /model: dropout is wrong/],
    ['suffixes', json({}, { end_of_word_suffix: '</w>' }), /model: end_of_word_suffix is wrong/],
    ['prefixes', json({}, { continuing_subword_prefix: '##' }), /continuing_subword_prefix is wrong/],
    ['a fallback', json({}, { byte_fallback: true }), /byte_fallback is wrong/],
    [
      'no unknown piece',
      json({}, { unk_token: '[U]' }),
      /unk_token is "\[U\]", which model.vocab does not have/,
    ],
    ['a merge of three', json({}, { merges: ['a b c'] }), /model\.merges\.0 is "a b c"/],
    ['a merge of numbers', json({}, { merges: [['a', 7]] }), /model\.merges\.0 is \["a",7\]/],
    ['words that are not byte-level', json({ pre_tokenizer: { type: 'Whitespace' } }), /"Whitespace"/],
    ['no words', json({ pre_tokenizer: null }), /pre_tokenizer is of the type "none"/],
    [
      'steps behind the bytes',
      json({ pre_tokenizer: { type: 'Sequence', pretokenizers: [byteLevel(), { type: 'Punctuation' }] } }),
      /pretokenizers\.1 is of the type "Punctuation"/,
    ],
    ['another decoder', json({ decoder: { type: 'WordPiece' } }), /decoder is of the type "WordPiece"/],
    ['SentencePiece', json({}, { type: 'Unigram' }), /Unigram: its tokenizer is SentencePiece.*Take a model/],
  ])('is refused with %s, by name', async (_, content, message) => {
    const loading = load({ 'tokenizer.json': content });
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(message);
  });
});

describe('the files of a byte-level tokenizer', () => {
  it('are asked for by the class, or by what is there', async () => {
    const both = { ...files, 'vocab.txt': ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the'].join('\n') };
    expect(piecesOf(await load(files), 'the')).toEqual(['the']);
    expect(piecesOf(await load({ ...both, ...config({}) }), 'the a')).toEqual(['the', 'Ġa']);
    expect(piecesOf(await load({ ...both, 'config.json': { model_type: 'roberta' } }), 'a')).toEqual(['a']);
    expect(piecesOf(await load(both), 'the a')).toEqual(['the', '[UNK]']);
    await expect(load(config({}))).rejects.toThrow(/vocab\.json and .*merges\.txt, which is not there/);
  });

  it.each<[string, Files, RegExp]>([
    [
      'the class',
      config({ tokenizer_class: 'XLMRobertaTokenizer' }),
      /tokenizer_class is XLMRobertaTokenizer/,
    ],
    ['its file', { 'sentencepiece.bpe.model': 'x' }, /has sentencepiece\.bpe\.model/],
    ['another file', { 'spiece.model': 'x', 'config.json': { model_type: 'bert' } }, /has spiece\.model/],
    ['the model type', { 'config.json': { model_type: 'camembert' } }, /has no vocabulary/],
  ])('are not SentencePiece’s: %s', async (_, all, message) => {
    await expect(load(all)).rejects.toThrow(message);
    await expect(load(all)).rejects.toThrow(/SentencePiece, which is not read here\. Take a model/);
  });

  it('name a damaged merge by its line and first 80 characters', async () => {
    const damaged = { ...files, 'merges.txt': `#version: 0.2\nĠ t\n${'x'.repeat(200)}\n` };
    await expect(load(damaged)).rejects.toThrow(`merges.txt: line 3 is "${'x'.repeat(79)}…`);
    const other = { ...files, 'merges.txt': 'Ġ t\nĠ z\n' };
    await expect(load(other)).rejects.toThrow(/merges\.txt: line 2 is "Ġ z", but the vocabulary has no "Ġz"/);
    await expect(load({ ...files, 'merges.txt': '' })).rejects.toThrow(/merges\.txt has no merges/);
  });

  it('may name special tokens that the vocabulary has not: they get the next ids', async () => {
    const vocab = Object.fromEntries(Object.entries(VOCAB).filter(([piece]) => piece !== '<mask>'));
    const bare = { ...files, 'vocab.json': vocab };
    await expect(load(bare)).rejects.toThrow(/vocab\.json has no <mask>/);
    const named = await load({ ...bare, ...config({ mask_token: '<mask>' }) });
    expect(named.maskId).toBe(PIECES.length - 1);
    // By its name alone a mask takes the white space before it.
    expect(named.tokenize('a  <mask>').ids).toEqual([VOCAB['a'], named.maskId]);
  });
});

describe('the flavours of byte-level BPE', () => {
  const prefixed = { ...files, ...config({ add_prefix_space: true }) };

  it.each<[string, string[], string[]]>([
    ['the', ['Ġthe'], ['Ġthe']],
    ['\na', ['Ċ', 'a'], ['Ġ', 'Ċ', 'a']],
    ['</s>a', ['Ġ', '</s>', 'a'], ['</s>', 'Ġa']],
    ['<mask>a', ['<mask>', 'a'], ['<mask>', 'Ġa']],
  ])('add a space to %j in their own places', async (text, slow, fast) => {
    expect(piecesOf(await load(prefixed, 'slow'), text)).toEqual(slow);
    expect(piecesOf(await load(prefixed), text)).toEqual(fast);
  });

  it('agree on the places of a text', async () => {
    const [slow, fast] = [await load(prefixed, 'slow'), await load(prefixed)];
    expect(slow.tokenize('the 😀 a')).toEqual(fast.tokenize('the 😀 a'));
  });
});

describe('what tasks ask of a tokenizer', () => {
  it('byte-level: a mask is filled with its white space, a word begins behind a space', async () => {
    const tokenizer = await load(files);
    expect(tokenizer.maskId).toBe(VOCAB['<mask>']);
    expect(tokenizer.textWith('see ', VOCAB['Ġthe']!)).toBe('see the');
    expect(tokenizer.textWith('b', VOCAB['a']!)).toBe('ba');
    const words = [0, 1, 2, 3].map((start) => tokenizer.continuesWord(VOCAB['a']!, 'ab c', start));
    expect(words).toEqual([false, true, false, false]);
  });

  it('WordPiece: a continuation loses its mark, and goes on', async () => {
    const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', '##n'].join('\n');
    const tokenizer = await load({ 'vocab.txt': vocab });
    expect(tokenizer.textWith('see ', 5)).toBe('see the');
    expect(tokenizer.textWith('the ', 6)).toBe('then');
    expect([5, 6].map((id) => tokenizer.continuesWord(id, 'then', 0))).toEqual([false, true]);
  });
});

describe('the sides of a row', () => {
  const left = { ...files, ...config({ truncation_side: 'left', padding_side: 'left' }) };
  const letters = (ids: readonly number[]): string => ids.map((id) => PIECES[id]).join(' ');

  it('are those that the files name', async () => {
    const tokenizer = await load(left);
    const cut = { maxLength: 4, truncation: 'longest_first' } as const;
    expect(letters(encode(tokenizer, 'bcd', undefined, cut).ids)).toBe('<s> c d </s>');
    const padded = encode(tokenizer, 'b', undefined, { maxLength: 5, padding: 'max_length' });
    expect(letters(padded.ids)).toBe('<pad> <pad> <s> b </s>');
    expect(padded.attentionMask).toEqual([0, 0, 1, 1, 1]);
    expect(padded.offsets.at(-2)).toEqual([0, 1]);
    expect(letters(encode(await load(files), 'bcd', undefined, cut).ids)).toBe('<s> b c </s>');
  });

  it('give windows from the end of a context, the last one first', async () => {
    const rows = encodeWindows(await load(left), 'q', 'bcdef', { maxLength: 8, stride: 1 });
    expect(rows.map(({ ids }) => letters(ids.slice(4, -1)))).toEqual(['d e f', 'b c d']);
  });

  it('may come from the sections of tokenizer.json', async () => {
    const sections = { truncation: { direction: 'Left' }, padding: { direction: 'Left' } };
    const tokenizer = await load({ 'tokenizer.json': json(sections) });
    expect([tokenizer.truncationSide, tokenizer.paddingSide]).toEqual(['left', 'left']);
    const over = config({ truncation_side: 'right' });
    expect((await load({ 'tokenizer.json': json(sections), ...over })).truncationSide).toBe('right');
    await expect(load({ ...files, ...config({ padding_side: 'top' }) })).rejects.toThrow(/padding_side is/);
  });
});
