import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { InputError } from 'ipu-pipeline';
import { BpeTokenizer, encode, loadTokenizer, parseMerges, Vocabulary } from 'ipu-pipeline/tokenizer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** GPT-2's letters for bytes: printable Latin-1 stands for itself, the others follow U+0100 in their order. */
const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad && byte <= 0xff);
const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !isPrintable(byte));
const SYMBOLS = Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(isPrintable(byte) ? byte : 0x100 + others.indexOf(byte)),
);

const MERGES = ['t h', 'th e', 'Ġ the', 'a a', 'aa aa', 'Ġ Ġ', 'Ã ©', 'ð Ł'];
const SPECIALS = ['<s>', '<pad>', '</s>', '<unk>', '<mask>'];
const PIECES = [...SPECIALS, ...SYMBOLS, ...MERGES.map((merge) => merge.replace(' ', ''))];
const VOCABULARY = Object.fromEntries(PIECES.map((piece, id) => [piece, id]));
const specials = { unk: '<unk>', cls: '<s>', sep: '</s>', pad: '<pad>', mask: '<mask>' };
const bpe = (options: object = {}): BpeTokenizer =>
  new BpeTokenizer(
    new Vocabulary(new Map(Object.entries(VOCABULARY)), specials),
    parseMerges(MERGES.join('\n'), 'merges'),
    options,
  );
const piecesOf = (text: string): string[] =>
  bpe()
    .tokenize(text)
    .ids.map((id) => PIECES[id]!);

describe('byte-level BPE', () => {
  it('merges by rank, within words alone', () => {
    expect(piecesOf('the')).toEqual(['the']);
    expect(piecesOf('a the')).toEqual(['a', 'Ġthe']);
    expect(piecesOf('aaaaa')).toEqual(['aaaa', 'a']);
    expect(piecesOf('é')).toEqual(['Ã©']);
  });

  it('writes pairs as <s> A </s></s> B </s>, without types', () => {
    const { ids, typeIds } = encode(bpe(), 'the', 'a');
    expect(ids.map((id) => PIECES[id])).toEqual(['<s>', 'the', '</s>', '</s>', 'a', '</s>']);
    expect(new Set(typeIds)).toEqual(new Set([0]));
  });

  it('puts a space in front where it is told to', () => {
    const { ids, starts } = bpe({ addPrefixSpace: true }).tokenize('the');
    expect(ids.map((id) => PIECES[id])).toEqual(['Ġthe']);
    expect(starts).toEqual([0]);
  });

  const text = fc.string({ unit: 'grapheme', maxLength: 60 });

  it('loses no byte, and its places lie in order over the text', () => {
    const tokenizer = bpe({ trimOffsets: false });
    fc.assert(
      fc.property(text, (words) => {
        fc.pre(!SPECIALS.some((special) => words.includes(special)));
        const { ids, starts, ends } = tokenizer.tokenize(words);
        expect(tokenizer.textOf(ids)).toBe(words);
        ids.forEach((_, at) => {
          expect(starts[at]!).toBeLessThanOrEqual(ends[at]!);
          if (at > 0) expect(starts[at]!).toBeGreaterThanOrEqual(starts[at - 1]!);
        });
        const covered = new Set(ids.flatMap((_, at) => range(starts[at]!, ends[at]!)));
        expect(covered.size).toBe(words.length);
      }),
    );
  });

  it('gives the same wherever two texts are joined by a line break', () => {
    const tokenizer = bpe();
    const ids = (words: string): readonly number[] => tokenizer.tokenize(words).ids;
    fc.assert(
      fc.property(text, text, (before, after) => {
        // White space at the seam would be a word of both.
        fc.pre(!/\s$/.test(before) && !/^\s/.test(after) && after !== '' && before !== '');
        expect(ids(`${before}\n${after}`)).toEqual([...ids(before), ...ids('\n'), ...ids(after)]);
      }),
    );
  });

  it('takes a word of a million letters', { timeout: 60_000 }, () => {
    const { ids } = bpe().tokenize('a'.repeat(1_000_001));
    expect(ids).toHaveLength(250_001);
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

describe('its files', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ipu-pipeline-bpe-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function refusal(files: Readonly<Record<string, string | undefined>>): Promise<string> {
    const all = {
      'config.json': '{"model_type": "roberta"}',
      'vocab.json': JSON.stringify(VOCABULARY),
      'merges.txt': `#version: 0.2\n${MERGES.join('\n')}\n`,
      ...files,
    };
    for (const [name, content] of Object.entries(all)) {
      await rm(join(directory, name), { force: true });
      if (content !== undefined) await writeFile(join(directory, name), content);
    }
    const error = await loadTokenizer(directory).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) return '';
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }

  it('are read, with and without a version line', async () => {
    expect(await refusal({})).toBe('');
    expect(await refusal({ 'merges.txt': MERGES.join('\n') })).toBe('');
  });

  it.each([
    ['merges.txt that is not there', { 'merges.txt': undefined }, /merges\.txt, which is not there/],
    ['a merge that is none', { 'merges.txt': 't h\nthe\n' }, /merges\.txt.*2.*the/],
    ['a merge of pieces that are no pieces', { 'merges.txt': 'q q\n' }, /qq/],
    ['a vocabulary that is no object', { 'vocab.json': '[1]' }, /vocab\.json/],
    ['an id that is none', { 'vocab.json': '{"a": -1}' }, /vocab\.json/],
  ])('with %s are refused by name', async (_, files, message) => {
    expect(await refusal(files)).toMatch(message);
  });
});
