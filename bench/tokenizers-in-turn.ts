import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as huggingFace from '@huggingface/tokenizers';
import { encode, type Tokenizer } from 'ipu-pipeline/tokenizer';
import { percentile, verdict } from './lib.js';

/** The package's own declarations import without file endings, which TypeScript does not follow in ES modules. */
export interface TheirTokenizer {
  encode(text: string, options?: { return_token_type_ids: boolean }): { readonly ids: number[] };
}
export const { Tokenizer: TheirTokenizer } = huggingFace as unknown as {
  Tokenizer: new (json: object, config: object) => TheirTokenizer;
};

/** The files below `dir`, by the same keys; ends the bench where one is not there. */
export function filesBelow<Key extends string>(dir: string, files: Record<Key, string>): Record<Key, string> {
  const paths = Object.fromEntries(
    Object.entries<string>(files).map(([key, path]) => [key, join(dir, path)]),
  ) as Record<Key, string>;
  const absent = Object.values<string>(paths).filter((path) => !existsSync(path));
  if (absent.length > 0) {
    console.log(`skipped: ${absent.join(', ')} is not there`);
    process.exit(0);
  }
  return paths;
}

interface Squad {
  readonly data: readonly { readonly paragraphs: readonly { readonly context: string }[] }[];
}
/** The distinct contexts of a SQuAD file. */
export async function contextsOf(squadFile: string): Promise<string[]> {
  const squad = JSON.parse(await readFile(squadFile, 'utf8')) as Squad;
  return [...new Set(squad.data.flatMap(({ paragraphs }) => paragraphs.map(({ context }) => context)))];
}

/**
 * Times two tokenizers on the same texts in turns, and prints the bound on theirs over ours. Texts for which `sameIds`
 * is false are timed, and their ids not compared.
 */
export function compareTokenizers(
  texts: readonly string[],
  ours: Tokenizer,
  theirs: TheirTokenizer,
  { rounds, atLeast, sameIds = () => true }: TokenizerBench,
): void {
  const ways = {
    theirs: (text: string): number[] => theirs.encode(text, { return_token_type_ids: true }).ids,
    ours: (text: string): number[] => encode(ours, text).ids,
    'ours, pieces and places only': (text: string): number[] => ours.tokenize(text).ids,
  };
  const names = Object.keys(ways) as (keyof typeof ways)[];
  const seconds = new Map<string, number[]>(names.map((name) => [name, []]));
  // Who begins changes from round to round; the first one of each is cold and stands apart.
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed())
      seconds.get(name)!.push(time(texts, ways[name]));
  }
  const first = (name: string): number => seconds.get(name)![0]!;
  const warm = (name: string): number[] => seconds.get(name)!.slice(1);
  const median = (name: string): number => percentile(warm(name), 0.5);

  const chars = texts.reduce((sum, { length }) => sum + length, 0);
  console.log(`${texts.length} contexts, ${(chars / 1e6).toFixed(2)} million characters, ${rounds} rounds`);
  for (const name of names) {
    const ms = (value: number): string => (value * 1e3).toFixed(1);
    const spread = `${ms(percentile(warm(name), 0))} … ${ms(percentile(warm(name), 1))} ms`;
    const rate = `${(chars / median(name) / 1e6).toFixed(2)} million characters/s`;
    console.log(`${name}: ${ms(median(name))} ms (${spread}), ${rate}; first ${ms(first(name))} ms`);
  }
  console.log(`first pass, theirs over ours: ${(first('theirs') / first('ours')).toFixed(2)} ×`);

  const comparable = texts.filter(sameIds);
  const differing = comparable.filter((text) => ways.ours(text).join() !== ways.theirs(text).join());
  for (const text of differing.slice(0, 5))
    console.log(firstDifference(text, ways.ours(text), ways.theirs(text)));
  verdict('throughput over @huggingface/tokenizers', median('theirs') / median('ours'), { atLeast }, ' ×');
  verdict(`texts with other ids, of ${comparable.length}`, differing.length, { atMost: 0 });
}

export interface TokenizerBench {
  readonly rounds: number;
  /** The ratio that must be reached. */
  readonly atLeast: number;
  readonly sameIds?: (text: string) => boolean;
}

function time(texts: readonly string[], way: (text: string) => number[]): number {
  const start = process.hrtime.bigint();
  for (const text of texts) way(text);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function firstDifference(text: string, ours: readonly number[], theirs: readonly number[]): string {
  const at = ours.findIndex((id, index) => id !== theirs[index]);
  const near = (ids: readonly number[]): string => ids.slice(Math.max(0, at - 2), at + 3).join(' ');
  return `differs at piece ${at}: ours ${near(ours)}, theirs ${near(theirs)} in "${text.slice(0, 60)}…"`;
}
