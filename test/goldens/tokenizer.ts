import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BertTokenizer,
  codePointOffsets,
  decode,
  encode,
  encodeBatch,
  encodeWindows,
  parseVocabulary,
  Vocabulary,
  type EncodeOptions,
  type Encoding,
  type TokenizerFlavour,
  type Truncation,
} from 'ipu-pipeline/tokenizer';

type Report = (name: string, error?: string) => void;
type Offsets = [number, number][];

const VOCABULARY = 'vocab/bert-base-uncased-vocab.txt';
const FOLDER = 'golden/tokenizer';

export function missing(dir: string): string | undefined {
  return [VOCABULARY, FOLDER].map((path) => join(dir, path)).find((path) => !existsSync(path));
}

export async function run(dir: string, report: Report): Promise<void> {
  const vocabulary = new Vocabulary(parseVocabulary(readFileSync(join(dir, VOCABULARY), 'utf8')));
  const tokenizers = new Map<string, BertTokenizer>();
  const tokenizer = (lowerCase: boolean, flavour: TokenizerFlavour): BertTokenizer => {
    const key = `${lowerCase} ${flavour}`;
    const found = tokenizers.get(key) ?? new BertTokenizer(vocabulary, { lowerCase, flavour });
    tokenizers.set(key, found);
    return found;
  };
  const read = <T>(name: string): T | undefined => {
    const path = join(dir, FOLDER, name);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
  };
  await Promise.resolve();
  single(read<{ texts: SingleCase[] }>('single.json')?.texts ?? [], tokenizer, report);
  const pairFile = read<{ cases: PairCase[]; batches: BatchCase[] }>('pairs.json');
  pairs(pairFile?.cases ?? [], tokenizer, report);
  batches(pairFile?.batches ?? [], tokenizer, report);
  windows(read<{ cases: WindowCase[] }>('windows.json')?.cases ?? [], tokenizer, report);
}

type Tokenizers = (lowerCase: boolean, flavour: TokenizerFlavour) => BertTokenizer;

interface Tokens {
  input_ids: number[];
  tokens: string[];
  offsets_cp: Offsets;
  offsets_utf16: Offsets;
}
interface SingleResult extends Tokens {
  token_type_ids: number[];
  decoded: string;
  fast: 'same' | 'not applicable' | Tokens;
}
interface SingleCase {
  id: number;
  category: string;
  text: string;
  lower: SingleResult;
  cased: SingleResult;
}

function single(cases: SingleCase[], tokenizer: Tokenizers, report: Report): void {
  for (const { id, category, text, lower, cased } of cases) {
    for (const [mode, expected] of Object.entries({ lower, cased })) {
      const slow = tokenizer(mode === 'lower', 'slow');
      const name = `tokenizer single ${id} (${category}, ${mode})`;
      report(`${name} slow`, difference(text, encode(slow, text), expected, slow));
      report(`${name} decoded`, unequal(decode(slow, expected.input_ids), expected.decoded));
      if (expected.fast === 'not applicable') continue;
      const fast = tokenizer(mode === 'lower', 'fast');
      const wanted = expected.fast === 'same' ? expected : expected.fast;
      report(`${name} fast`, difference(text, encode(fast, text), wanted, fast));
    }
  }
}

function difference(
  text: string,
  got: Encoding,
  expected: Tokens,
  { vocabulary }: BertTokenizer,
): string | undefined {
  return (
    unequal(got.ids, expected.input_ids) ??
    unequal(
      got.ids.map((id) => vocabulary.pieces[id]),
      expected.tokens,
    ) ??
    unequal(got.offsets, expected.offsets_utf16) ??
    unequal(codePointOffsets(text, got.offsets), expected.offsets_cp)
  );
}

export interface Params {
  max_length?: number;
  truncation?: boolean | Truncation;
  padding?: boolean | 'longest' | 'max_length';
  pad_to_multiple_of?: number;
  add_special_tokens?: boolean;
}

export function options(params: Params): EncodeOptions {
  const known = new Set(['max_length', 'truncation', 'padding', 'pad_to_multiple_of', 'add_special_tokens']);
  const unknown = Object.keys(params).filter((key) => !known.has(key));
  if (unknown.length > 0)
    throw new Error(`parameters ${unknown.join(', ')} are not known to the goldens runner`);
  const { truncation, padding } = params;
  // As transformers: a limit by itself, with neither truncation nor padding said, is one to cut to.
  const unsaid = params.max_length !== undefined && !padding ? 'longest_first' : 'none';
  return {
    truncation:
      truncation === undefined ? unsaid : truncation === true ? 'longest_first' : truncation || 'none',
    padding: padding === true ? 'longest' : padding || 'none',
    ...(params.max_length === undefined ? {} : { maxLength: params.max_length }),
    ...(params.pad_to_multiple_of === undefined ? {} : { padToMultipleOf: params.pad_to_multiple_of }),
    ...(params.add_special_tokens === undefined ? {} : { addSpecialTokens: params.add_special_tokens }),
  };
}

/** A row of one text or two, and what it was made of. */
export interface PairRow {
  text_a: string;
  text_b: string | null;
  params: Params;
  input_ids: number[];
  token_type_ids: number[];
  attention_mask: number[];
  special_tokens_mask: number[];
  sequence_ids: number[];
  /** Where they are others. */
  offsets_cp?: Offsets;
  offsets_utf16: Offsets;
}
interface PairCase extends PairRow {
  do_lower_case: boolean;
  fast: 'same' | 'raises' | { input_ids: number[]; token_type_ids: number[] };
}

function pairs(cases: PairCase[], tokenizer: Tokenizers, report: Report): void {
  cases.forEach((expected, at) => {
    const { text_a: a, text_b, do_lower_case: lower, params, fast } = expected;
    const run = (flavour: TokenizerFlavour): Encoding =>
      encode(tokenizer(lower, flavour), a, text_b ?? undefined, options(params));
    const name = `tokenizer pair ${at} ${JSON.stringify(params)}`;
    attempt(`${name} slow`, report, () => pairDifference(run('slow'), expected));
    attempt(`${name} fast`, report, () => {
      if (fast === 'raises') return raises(() => run('fast'));
      const got = run('fast');
      if (fast === 'same') return pairDifference(got, expected);
      return unequal(got.ids, fast.input_ids) ?? unequal(got.typeIds, fast.token_type_ids);
    });
  });
}

export function pairDifference(got: Encoding, expected: PairRow): string | undefined {
  return (
    unequal(got.ids, expected.input_ids) ??
    unequal(got.typeIds, expected.token_type_ids) ??
    unequal(got.attentionMask, expected.attention_mask) ??
    unequal(got.specialTokensMask, expected.special_tokens_mask) ??
    unequal(got.sequenceIds, expected.sequence_ids) ??
    unequal(got.offsets, expected.offsets_utf16) ??
    unequal(codePointsOfPair(got, expected), expected.offsets_cp ?? expected.offsets_utf16)
  );
}

function codePointsOfPair({ offsets, sequenceIds }: Encoding, { text_a, text_b }: PairRow): Offsets {
  const inA = codePointOffsets(
    text_a,
    offsets.map((pair, at) => (sequenceIds[at] === 0 ? pair : [0, 0])),
  );
  const inB = codePointOffsets(
    text_b ?? '',
    offsets.map((pair, at) => (sequenceIds[at] === 1 ? pair : [0, 0])),
  );
  return sequenceIds.map((sequence, at) => (sequence === 1 ? inB[at]! : inA[at]!));
}

interface Rows {
  input_ids: number[][];
  token_type_ids: number[][];
  attention_mask: number[][];
}
interface BatchCase extends Rows {
  texts_a: string[];
  texts_b: string[] | null;
  params: Params;
  fast?: 'same' | 'raises' | Partial<Rows>;
}

function batches(cases: BatchCase[], tokenizer: Tokenizers, report: Report): void {
  cases.forEach((expected, at) => {
    const { texts_a, texts_b, params, fast = 'same' } = expected;
    const run = (flavour: TokenizerFlavour): Encoding[] =>
      encodeBatch(tokenizer(true, flavour), texts_a, texts_b ?? undefined, options(params));
    const name = `tokenizer batch ${at} ${JSON.stringify(params)}`;
    attempt(`${name} slow`, report, () => rowsDifference(run('slow'), expected));
    attempt(`${name} fast`, report, () => {
      if (fast === 'raises') return raises(() => run('fast'));
      return rowsDifference(run('fast'), fast === 'same' ? expected : fast);
    });
  });
}

function rowsDifference(got: Encoding[], expected: Partial<Rows>): string | undefined {
  return (
    (expected.input_ids &&
      unequal(
        got.map(({ ids }) => ids),
        expected.input_ids,
      )) ??
    (expected.token_type_ids &&
      unequal(
        got.map(({ typeIds }) => typeIds),
        expected.token_type_ids,
      )) ??
    (expected.attention_mask &&
      unequal(
        got.map(({ attentionMask }) => attentionMask),
        expected.attention_mask,
      ))
  );
}

interface WindowCase {
  id: string;
  question: string;
  context: string;
  do_lower_case: boolean;
  params: { max_length: number; stride: number; padding?: 'max_length' };
  context_tokens: number;
  windows: {
    input_ids: number[];
    token_type_ids: number[];
    attention_mask: number[];
    sequence_ids: (number | null)[];
    offsets_utf16: Offsets;
    offsets_cp?: Offsets;
  }[];
}

function windows(cases: WindowCase[], tokenizer: Tokenizers, report: Report): void {
  for (const { id, question, context, do_lower_case, params, windows: expected } of cases) {
    attempt(`tokenizer windows ${id} ${JSON.stringify(params)}`, report, () => {
      const { max_length: maxLength, stride, padding = 'none' } = params;
      const got = encodeWindows(tokenizer(do_lower_case, 'fast'), question, context, {
        ...{ maxLength, stride, padding },
      });
      return (
        unequal(got.length, expected.length) ??
        got
          .map((window, w) => {
            const wanted = expected[w]!;
            const length = wanted.input_ids.length;
            return (
              unequal(window.ids, wanted.input_ids) ??
              unequal(window.typeIds.slice(0, length), wanted.token_type_ids) ??
              unequal(window.attentionMask, wanted.attention_mask) ??
              unequal(
                window.sequenceIds,
                wanted.sequence_ids.map((sequence) => sequence ?? -1),
              ) ??
              unequal(window.offsets, wanted.offsets_utf16)
            );
          })
          .find((error) => error !== undefined)
      );
    });
  }
}

export function attempt(name: string, report: Report, check: () => string | undefined): void {
  try {
    report(name, check());
  } catch (error) {
    report(name, `threw ${(error as Error).message}`);
  }
}

export function raises(run: () => unknown): string | undefined {
  try {
    run();
  } catch {
    return undefined;
  }
  return 'it should have been refused';
}

export function unequal(got: unknown, expected: unknown): string | undefined {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  return a === b ? undefined : `got ${a.slice(0, 300)}, expected ${b.slice(0, 300)}`;
}
