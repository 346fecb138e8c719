import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  codePointOffsets,
  encodeBatch,
  loadTokenizer,
  type Encoding,
  type Tokenizer,
} from 'ipu-pipeline/tokenizer';
import type { Report } from './report.js';

const TOKENIZERS = 'tokenizer-json';
const GOLDENS = 'golden/tokenizer-json';

type Offsets = [number, number][];

interface GoldenCase {
  text: string;
  text_pair?: string;
  add_special_tokens?: boolean;
  input_ids: number[];
  token_type_ids: number[];
  special_tokens_mask: number[];
  sequence_ids: number[];
  offsets_utf16: Offsets;
  offsets_cp?: Offsets;
}

export function missing(dir: string): string | undefined {
  return [TOKENIZERS, GOLDENS].map((path) => join(dir, path)).find((path) => !existsSync(path));
}

/** Directories with a tokenizer.json, as transformers loads them; their cases were run in Rust's tokenizers. */
export async function run(dir: string, report: Report): Promise<void> {
  const files = readdirSync(join(dir, GOLDENS)).filter((name) => name.endsWith('.json'));
  for (const file of files.sort()) {
    const { tokenizer: name, cases } = JSON.parse(readFileSync(join(dir, GOLDENS, file), 'utf8')) as {
      tokenizer: string;
      cases: GoldenCase[];
    };
    const folder = join(dir, TOKENIZERS, name.split('/').at(-1)!);
    let tokenizer: Tokenizer;
    try {
      tokenizer = await loadTokenizer(folder);
    } catch (error) {
      report(`${file} load`, (error as Error).message);
      continue;
    }
    cases.forEach((one, at) => {
      report(`${file} case ${at} ${JSON.stringify(one.text)}`, difference(tokenizer, one));
    });
  }
}

function difference(tokenizer: Tokenizer, one: GoldenCase): string | undefined {
  const pair = one.text_pair === undefined ? undefined : [one.text_pair];
  const options = { addSpecialTokens: one.add_special_tokens ?? true };
  const got = encodeBatch(tokenizer, [one.text], pair, options)[0]!;
  return (
    unequal('ids', got.ids, one.input_ids) ??
    unequal('types', got.typeIds, one.token_type_ids) ??
    unequal('special', got.specialTokensMask, one.special_tokens_mask) ??
    unequal('sequences', got.sequenceIds, one.sequence_ids) ??
    unequal('offsets', got.offsets, one.offsets_utf16) ??
    unequal('code points', codePoints(got, one), one.offsets_cp ?? one.offsets_utf16)
  );
}

function codePoints({ offsets, sequenceIds }: Encoding, { text, text_pair: pair = '' }: GoldenCase): Offsets {
  return sequenceIds.map((sequence, at) => {
    const place = offsets[at]!;
    return sequence < 0 ? [0, 0] : codePointOffsets(sequence === 0 ? text : pair, [place])[0]!;
  });
}

function unequal(what: string, got: unknown, expected: unknown): string | undefined {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  return a === b ? undefined : `${what} ${a.slice(0, 300)}, expected ${b.slice(0, 300)}`;
}
