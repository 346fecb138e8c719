import fc from 'fast-check';
import {
  BertTokenizer,
  decode,
  encode,
  Vocabulary,
  type AddedToken,
  type TokenizerFlavour,
} from 'ipu-pipeline/tokenizer';
import { syntheticVocabulary } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

const SPECIALS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const flavours: TokenizerFlavour[] = ['slow', 'fast'];
const tokens = (contents: string[], special = false): AddedToken[] =>
  contents.map((content) => ({ content, special, normalized: false }));
const withPieces = (...pieces: string[]): Vocabulary => new Vocabulary([...SPECIALS, ...pieces]);
const texts = (tokenizer: BertTokenizer, text: string): string[] =>
  tokenizer.pieces(text).map((id) => tokenizer.vocabulary.pieces[id]!);

/** Longest match first as BERT's paper code does it: strings, one unit shorter at each try. */
function naivePieces(word: string, pieces: ReadonlySet<string>): string[] {
  const parts: string[] = [];
  for (let from = 0; from < word.length;) {
    let end = word.length;
    const piece = (): string => (from > 0 ? '##' : '') + word.slice(from, end);
    while (end > from && !pieces.has(piece())) end--;
    if (end === from) return ['[UNK]'];
    parts.push(piece());
    from = end;
  }
  return parts;
}

describe('WordPiece', () => {
  it('takes the longest piece at each place, whatever the vocabulary', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', 'я', '😀'), minLength: 1, maxLength: 4 });
    const vocabulary = fc.array(fc.tuple(fc.boolean(), part), { minLength: 1, maxLength: 40 });
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'я', '😀'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(vocabulary, fc.array(word, { maxLength: 6 }), (drawn, words) => {
        const pieces = [...new Set(drawn.map(([continues, text]) => (continues ? '##' : '') + text))];
        const tokenizer = new BertTokenizer(withPieces(...pieces));
        const expected = words.flatMap((one) => naivePieces(one, new Set(pieces)));
        expect(texts(tokenizer, words.join(' '))).toEqual(expected);
      }),
    );
  });

  it('finds every piece of a large vocabulary, and none that is not in it', () => {
    const pieces = Array.from({ length: 20_000 }, (_, at) => `p${at.toString(36)}`);
    const tokenizer = new BertTokenizer(withPieces(...pieces));
    expect(texts(tokenizer, pieces.join(' '))).toEqual(pieces);
    expect(texts(tokenizer, 'pzzzz p q')).toEqual(['[UNK]', '[UNK]', '[UNK]']);
  });

  it('counts the length of a word in characters: 100 are read, 101 are unknown', () => {
    const tokenizer = new BertTokenizer(withPieces('😀', '##😀', 'a', '##a'));
    expect(texts(tokenizer, '😀'.repeat(100))).toHaveLength(100);
    expect(tokenizer.tokenize('😀'.repeat(101))).toEqual({ ids: [1], starts: [0], ends: [202] });
    expect(texts(tokenizer, `${'a'.repeat(5000)} a`)).toEqual(['[UNK]', 'a']);
  });

  it('takes the later of two equal lines, and reads over an empty one', () => {
    const tokenizer = new BertTokenizer(new Vocabulary([...SPECIALS, 'a', '', 'a']));
    expect(tokenizer.pieces('a b')).toEqual([7, 1]);
  });
});

describe.each(flavours)('the %s flavour', (flavour) => {
  const synthetic = new Vocabulary(syntheticVocabulary());

  it('cuts each text as if it were the first', () => {
    const once = (text: string) => new BertTokenizer(synthetic, { flavour }).tokenize(text);
    const again = new BertTokenizer(synthetic, { flavour });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(again.tokenize(text)).toEqual(once(text));
      }),
      { numRuns: 30 },
    );
  });

  it('cuts texts on both sides of white space as they are cut alone', () => {
    const tokenizer = new BertTokenizer(synthetic, { flavour, lowerCase: false });
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const whole = tokenizer.pieces(`${a}\n${b}`);
        expect(whole).toEqual([...tokenizer.pieces(a), ...tokenizer.pieces(b)]);
      }),
    );
  });

  it('gives plain words back when decoding', () => {
    const tokenizer = new BertTokenizer(synthetic, { flavour });
    const word = fc.string({ unit: fc.constantFrom(...'abcdefghij'), minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        const text = words.join(' ');
        expect(decode(tokenizer, encode(tokenizer, text).ids)).toBe(text);
      }),
    );
  });

  it.each([
    ['ideographs are words, Hangul and kana are not', '中文ひ한', ['中', '文', '[UNK]']],
    ['a character that becomes two', 'İ', ['i']],
    ['marks that decompose into punctuation', 'a\u037eb', ['a', ';', 'b']],
    ['white space beyond ASCII', 'a\u2028b\u00a0a', ['a', 'b', 'a']],
    ['lone surrogates', 'a\ud800b', ['a', '##b']],
    ['punctuation beyond ASCII', 'a—b', ['a', '[UNK]', 'b']],
    ['symbols that are not punctuation', 'a€b $', ['[UNK]', '$']],
  ])('knows %s', (_, text, expected) => {
    const vocabulary = withPieces('a', 'b', '##b', 'i', '中', '文', ';', '$');
    expect(texts(new BertTokenizer(vocabulary, { flavour }), text)).toEqual(expected);
  });

  it('keeps case and accents when told to', () => {
    const vocabulary = withPieces('A', 'a', 'é', 'e');
    const read = (text: string, lowerCase: boolean, stripAccents: boolean) =>
      texts(new BertTokenizer(vocabulary, { flavour, lowerCase, stripAccents }), text);
    expect(read('A é', false, false)).toEqual(['A', 'é']);
    expect(read('A É', true, false)).toEqual(['a', 'é']);
    expect(read('A é', false, true)).toEqual(['A', 'e']);
  });

  it('finds tokens of any spelling whole', () => {
    const added = ['<|a-b|>', 'é', 'a/b', '[E1]', '[E1]x'];
    const vocabulary = withPieces(...added, 'y');
    const tokenizer = new BertTokenizer(vocabulary, { flavour, addedTokens: tokens(added) });
    expect(texts(tokenizer, 'y<|a-b|>é a/b[E1]xy [E1]')).toEqual([
      ...['y', '<|a-b|>', 'é', 'a/b', '[E1]x', 'y', '[E1]'],
    ]);
  });

  it('leaves out further special tokens when decoding', () => {
    const vocabulary = withPieces('[E1]', '[E2]', 'y');
    const options = { flavour, addedTokens: [...tokens(['[E1]'], true), ...tokens(['[E2]'])] };
    const tokenizer = new BertTokenizer(vocabulary, options);
    expect(decode(tokenizer, encode(tokenizer, '[E1] y [E2]').ids)).toBe('y [E2]');
  });
});

describe('where the flavours differ', () => {
  const both = (vocabulary: Vocabulary, text: string, options: object) =>
    flavours.map((flavour) => texts(new BertTokenizer(vocabulary, { flavour, ...options }), text));

  it('only the slow one composes, when accents stay', () => {
    const vocabulary = withPieces('é', 'e', '##\u0301');
    const cased = { lowerCase: false };
    expect(both(vocabulary, 'e\u0301', cased)).toEqual([['é'], ['e', '##\u0301']]);
  });

  it('a composed character covers all its parts', () => {
    const slow = new BertTokenizer(withPieces('é', '##a'), { flavour: 'slow', lowerCase: false });
    expect(slow.tokenize(' e\u200b\u0301a')).toEqual({ ids: [5, 6], starts: [1, 4], ends: [4, 5] });
  });

  it('only the slow one drops code points that are not assigned', () => {
    const [slow, fast] = both(withPieces('a', '##b'), 'a\u0378b', {});
    expect([slow, fast]).toEqual([['a', '##b'], ['[UNK]']]);
  });

  it('only the slow one takes [MASK] that cleaning brings to light', () => {
    const vocabulary = withPieces('[', ']', 'MASK');
    const cased = { lowerCase: false };
    const split = ['[', 'MASK', ']'];
    expect(both(vocabulary, '[MA\u200bSK]', cased)).toEqual([['[MASK]'], split]);
    const stripping = { lowerCase: false, stripAccents: true };
    expect(both(vocabulary, '[MA\u0301SK]', stripping)).toEqual([['[MASK]'], split]);
  });

  it('only the slow one has words that are never split', () => {
    const vocabulary = withPieces('a', '-', 'b', 'a-b');
    const options = { neverSplit: ['a-b', 'b-a'] };
    expect(both(vocabulary, 'a-b xa-b b-a', options)).toEqual([
      ['a-b', '[UNK]', '-', 'b', '[UNK]'],
      ['a', '-', 'b', '[UNK]', '-', 'b', 'b', '-', 'a'],
    ]);
  });

  it('the fast one leaves some ideographs of extension E in their words', () => {
    const text = 'a\u{2b820}a\u{2b920}a';
    const slow = ['a', '[UNK]', 'a', '[UNK]', 'a'];
    expect(both(withPieces('a'), text, {})).toEqual([slow, ['[UNK]', '[UNK]', 'a']]);
  });
});
