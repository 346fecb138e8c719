import fc from 'fast-check';
import { InputError } from 'ipu-pipeline';
import {
  BertTokenizer,
  encode,
  encodeBatch,
  encodeWindows,
  Vocabulary,
  type EncodeOptions,
  type TokenizerFlavour,
} from 'ipu-pipeline/tokenizer';
import { describe, expect, it } from 'vitest';

const PAD = 0;
const CLS = 2;
const SEP = 3;
const vocabulary = new Vocabulary(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b']);
const tokenizer = (flavour: TokenizerFlavour) => new BertTokenizer(vocabulary, { flavour });
const slow = tokenizer('slow');
const fast = tokenizer('fast');
/** A text of n pieces. */
const a = (n: number): string => 'a '.repeat(n);
const b = (n: number): string => 'b '.repeat(n);

describe('truncation', () => {
  /** How many pieces of each text stay. */
  const kept = (
    one: BertTokenizer,
    first: number,
    second: number | undefined,
    options: EncodeOptions,
  ): number[] => {
    const { sequenceIds } = encode(one, a(first), second === undefined ? undefined : b(second), options);
    return [0, 1].map((sequence) => sequenceIds.filter((id) => id === sequence).length);
  };
  const longest = (maxLength: number): EncodeOptions => ({ maxLength, truncation: 'longest_first' });

  it.each([
    [5, 5, 10, [4, 3], [3, 4]],
    [9, 2, 10, [5, 2], [5, 2]],
    [2, 9, 10, [2, 5], [2, 5]],
    [9, 4, 8, [3, 2], [3, 2]],
    [4, 4, 3, [0, 0], [0, 0]],
  ])('of %i and %i pieces to %i, longest first', (first, second, maxLength, bySlow, byFast) => {
    expect(kept(slow, first, second, longest(maxLength))).toEqual(bySlow);
    expect(kept(fast, first, second, longest(maxLength))).toEqual(byFast);
  });

  it.each<[string, number, number | undefined, EncodeOptions]>([
    ['a first text that is too short to be cut', 2, 9, { maxLength: 8, truncation: 'only_first' }],
    ['a second text that is too short to be cut', 9, 2, { maxLength: 8, truncation: 'only_second' }],
    ['no second text', 9, undefined, { maxLength: 8, truncation: 'only_second' }],
  ])('refuses %s in the fast flavour, and cuts nothing in the slow one', (_, first, second, options) => {
    expect(() => kept(fast, first, second, options)).toThrow(InputError);
    expect(() => kept(fast, first, second, options)).toThrow(`truncation ${options.truncation}`);
    expect(kept(slow, first, second, options)).toEqual([first, second ?? 0]);
  });

  it('of one text that would lose all its pieces is not done by the slow one', () => {
    expect(kept(slow, 4, undefined, longest(2))).toEqual([4, 0]);
    expect(kept(fast, 4, undefined, longest(2))).toEqual([0, 0]);
  });

  it('leaves a row alone that the special tokens fill already, in the fast flavour', () => {
    expect(kept(fast, 4, 4, longest(2))).toEqual([4, 4]);
  });

  it('cuts only the text it may cut', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.integer({ min: 4, max: 40 }), (first, second, maxLength) => {
        const excess = Math.max(0, first + second + 3 - maxLength);
        fc.pre(excess === 0 || excess < second);
        for (const one of [slow, fast]) {
          const isPair = one === slow || second > 0;
          fc.pre(isPair);
          expect(kept(one, first, second, { maxLength, truncation: 'only_second' })).toEqual([
            ...[first, second - excess],
          ]);
        }
      }),
    );
  });
});

describe('rows', () => {
  it('say what each piece is', () => {
    const none = [0, 0];
    expect(encode(fast, 'a', 'b', { maxLength: 7, padding: 'max_length' })).toEqual({
      ids: [CLS, 5, SEP, 6, SEP, PAD, PAD],
      typeIds: [0, 0, 0, 1, 1, 0, 0],
      attentionMask: [1, 1, 1, 1, 1, 0, 0],
      specialTokensMask: [1, 0, 1, 0, 1, 1, 1],
      sequenceIds: [-1, 0, -1, 1, -1, -1, -1],
      offsets: [none, [0, 1], none, [0, 1], none, none, none],
    });
  });

  it('without special tokens have types in the fast flavour only', () => {
    const types = (one: BertTokenizer) => encode(one, 'a', 'b', { addSpecialTokens: false }).typeIds;
    expect([types(slow), types(fast)]).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  it('of an empty second text have a second [SEP], but for one row of the fast flavour', () => {
    expect(encode(slow, 'a', '').ids).toEqual([CLS, 5, SEP, SEP]);
    expect(encode(fast, 'a', '').ids).toEqual([CLS, 5, SEP]);
    expect(encodeBatch(fast, ['a'], [''])[0]!.ids).toEqual([CLS, 5, SEP, SEP]);
  });

  it.each<[string, EncodeOptions]>([
    ['maxLength is -1', { maxLength: -1 }],
    ['maxLength is 2.5', { maxLength: 2.5 }],
    ['maxLength is NaN', { maxLength: NaN }],
    ['padToMultipleOf is 0', { padToMultipleOf: 0 }],
    [
      'a maxLength that 8 divides',
      { maxLength: 12, truncation: 'longest_first', padding: 'longest', padToMultipleOf: 8 },
    ],
    ['needs a maxLength', { padding: 'max_length' }],
  ])('are refused where %s', (message, options) => {
    expect(() => encode(fast, 'a', undefined, options)).toThrow(InputError);
    expect(() => encode(fast, 'a', undefined, options)).toThrow(message);
  });

  it('of pairs need as many second texts as first ones', () => {
    expect(() => encodeBatch(fast, ['a', 'b'], ['a'])).toThrow('2 texts with 1 second texts');
  });
});

describe('windows', () => {
  const size = { maxLength: 8, stride: 3 };

  it('are one where the context fits, whatever the stride', () => {
    expect(encodeWindows(fast, 'a', 'b b', { maxLength: 6, stride: 9 })).toHaveLength(1);
    expect(encodeWindows(fast, 'a', '', size).map(({ ids }) => ids)).toEqual([[CLS, 5, SEP, SEP]]);
  });

  it('begin a step apart and share the stride', () => {
    const context = Array.from({ length: 9 }, (_, at) => (at % 2 ? 'a' : 'b')).join(' ');
    const windows = encodeWindows(fast, 'a', context, { ...size, padding: 'max_length' });
    const starts = windows.map(({ offsets, sequenceIds }) => offsets[sequenceIds.indexOf(1)]![0]);
    expect(starts).toEqual([0, 2, 4, 6, 8, 10]);
    expect(windows.every(({ ids }) => ids.length === 8)).toBe(true);
  });

  it.each([
    ['maxLength', { maxLength: 0.5, stride: 0 }],
    ['stride', { maxLength: 8, stride: -1 }],
    ['stride', { maxLength: 8, stride: NaN }],
  ])('are refused for a %s that is no size', (name, options) => {
    expect(() => encodeWindows(fast, 'a', b(20), options)).toThrow(InputError);
    expect(() => encodeWindows(fast, 'a', b(20), options)).toThrow(name);
  });
});
