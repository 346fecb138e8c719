import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BpeTokenizer,
  codePointOffsets,
  decode,
  encode,
  encodeBatch,
  encodeWindows,
  loadTokenizer,
  parseMerges,
  Vocabulary,
  type Encoding,
  type Tokenizer,
  type TokenizerFlavour,
} from 'ipu-pipeline/tokenizer';
import type { Report } from './report.js';
import { attempt, options, pairDifference, raises, unequal, type PairRow } from './tokenizer.js';

const FOLDER = 'golden/tokenizer-bpe';

type Offsets = [number, number][];

export function missing(dir: string): string | undefined {
  return ['tokenizer', FOLDER].map((path) => join(dir, path)).find((path) => !existsSync(path));
}

/** A folder's tokenizer in three ways: fast, by tokenizer.json and by vocab.json and merges.txt; and slow. */
interface Ways {
  readonly json: Tokenizer | undefined;
  readonly files: Tokenizer;
  readonly slow: Tokenizer;
}

/** Byte-level BPE: RoBERTa's tokenizers, and the words alone of GPT-2's vocabulary. */
export async function run(dir: string, report: Report): Promise<void> {
  const read = <T>(name: string): T => JSON.parse(readFileSync(join(dir, FOLDER, name), 'utf8')) as T;
  const known = new Map<string, Ways>();
  const waysOf = async (folder: string): Promise<Ways> => {
    const ways = known.get(folder) ?? (await load(join(dir, folder)));
    known.set(folder, ways);
    return ways;
  };
  const { tokenizers, texts } = read<{ tokenizers: Record<string, string>; texts: SingleCase[] }>(
    'single.json',
  );
  for (const [name, folder] of Object.entries(tokenizers)) {
    single(name, await waysOf(folder), texts, report);
  }
  for (const [at, one] of read<{ cases: PairCase[] }>('pairs.json').cases.entries()) {
    pair(
      `bpe pair ${at} ${JSON.stringify(one.params)}`,
      await waysOf(`tokenizer/${one.tokenizer}`),
      one,
      report,
    );
  }
  const ways = await waysOf('tokenizer/bpe-tiny');
  read<{ cases: WindowCase[] }>('windows.json').cases.forEach((one, at) => {
    windows(`bpe windows ${at}`, ways, one, report);
  });
}

async function load(folder: string): Promise<Ways> {
  if (existsSync(join(folder, 'tokenizer.json'))) {
    const slow = await loadTokenizer(folder, { flavour: 'slow' });
    const { add_prefix_space: addPrefixSpace } = JSON.parse(
      readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'),
    ) as { add_prefix_space: boolean };
    const { specials } = slow.vocabulary;
    return {
      json: await loadTokenizer(folder),
      files: fromFiles(folder, specials, { addPrefixSpace }),
      slow,
    };
  }
  // GPT-2's: one token for everything special, and untrimmed places.
  const end = '<|endoftext|>';
  const specials = { unk: end, cls: end, sep: end, pad: end, mask: end };
  const way = (flavour: TokenizerFlavour): Tokenizer =>
    fromFiles(folder, specials, { flavour, trimOffsets: false });
  return { json: undefined, files: way('fast'), slow: way('slow') };
}

function fromFiles(
  folder: string,
  specials: Vocabulary['specials'],
  settings: ConstructorParameters<typeof BpeTokenizer>[2],
): Tokenizer {
  const ids = JSON.parse(readFileSync(join(folder, 'vocab.json'), 'utf8')) as Record<string, number>;
  const merges = parseMerges(readFileSync(join(folder, 'merges.txt'), 'utf8'));
  return new BpeTokenizer(new Vocabulary(new Map(Object.entries(ids)), specials), merges, settings);
}

interface SingleResult {
  input_ids: number[];
  tokens?: string[];
  offsets_utf16: Offsets;
  offsets_cp?: Offsets;
  special_tokens_mask?: number[];
  decoded: string;
  slow: 'same' | 'not applicable' | { input_ids: number[] };
}
type SingleCase = { id: number; category: string; text: string } & Record<string, SingleResult>;

function single(name: string, { json, files, slow }: Ways, cases: SingleCase[], report: Report): void {
  for (const one of cases) {
    const { id, category, text } = one;
    const expected = one[name]!;
    // Without a mask of special tokens there are none.
    const settings = { addSpecialTokens: expected.special_tokens_mask !== undefined };
    for (const [way, tokenizer] of Object.entries({ json, files })) {
      if (!tokenizer) continue;
      attempt(`bpe single ${id} (${category}, ${name}) ${way}`, report, () => {
        const got = encode(tokenizer, text, undefined, settings);
        const { pieces } = tokenizer.vocabulary;
        const tokens = got.ids.map((token) => pieces[token]!);
        return (
          unequal(got.ids, expected.input_ids) ??
          unequal(tokens, expected.tokens ?? tokens) ??
          unequal(got.offsets, expected.offsets_utf16) ??
          unequal(codePointOffsets(text, got.offsets), expected.offsets_cp ?? expected.offsets_utf16) ??
          unequal(got.specialTokensMask, expected.special_tokens_mask ?? got.ids.map(() => 0)) ??
          unequal(decode(tokenizer, got.ids, { cleanUp: false }), expected.decoded)
        );
      });
    }
    if (expected.slow === 'not applicable') continue;
    const { input_ids: wanted } = expected.slow === 'same' ? expected : expected.slow;
    attempt(`bpe single ${id} (${category}, ${name}) slow`, report, () =>
      unequal(encode(slow, text, undefined, settings).ids, wanted),
    );
  }
}

type PairCase = PairRow & {
  tokenizer: string;
  raises?: string;
  slow: 'same' | 'raises' | { input_ids: number[] };
};

function pair(name: string, { json, files, slow }: Ways, one: PairCase, report: Report): void {
  const { text_a: a, text_b: b, params } = one;
  // As a batch: upstream's call with one pair takes an empty second text for none, the library that ran these does not.
  const rowOf = (tokenizer: Tokenizer): Encoding =>
    encodeBatch(tokenizer, [a], b === null ? undefined : [b], options(params))[0]!;
  for (const [way, tokenizer] of Object.entries({ json: json!, files })) {
    attempt(`${name} ${way}`, report, () => {
      if (one.raises !== undefined) return raises(() => rowOf(tokenizer));
      return pairDifference(rowOf(tokenizer), one);
    });
  }
  const wanted = one.slow;
  attempt(`${name} slow`, report, () => {
    if (wanted === 'raises') return raises(() => rowOf(slow));
    return unequal(rowOf(slow).ids, (wanted === 'same' ? one : wanted).input_ids);
  });
}

interface WindowCase {
  question: string;
  context: string;
  max_length: number;
  stride: number;
  windows: { input_ids: number[]; sequence_ids: number[]; offsets_utf16: Offsets }[];
}

function windows(name: string, { json, files }: Ways, one: WindowCase, report: Report): void {
  const { question, context, max_length: maxLength, stride } = one;
  for (const [way, tokenizer] of Object.entries({ json: json!, files })) {
    attempt(`${name} ${way}`, report, () => {
      const got = encodeWindows(tokenizer, question, context, { maxLength, stride });
      const rows = got.map((row) => [row.ids, row.sequenceIds, row.offsets]);
      return unequal(
        rows,
        one.windows.map((row) => [row.input_ids, row.sequence_ids, row.offsets_utf16]),
      );
    });
  }
}
