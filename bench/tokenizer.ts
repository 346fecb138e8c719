/**
 * The claim: BERT's tokenizer on the distinct contexts of SQuAD 1.1's dev set, one thread, against the npm package
 * `@huggingface/tokenizers` on the same texts. Ours gives offsets into the text as well, the other does not.
 *
 *     npx tsx bench/tokenizer.ts [rounds] [directory laid out as ../shared/bert]
 */
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as huggingFace from '@huggingface/tokenizers';
import { BertTokenizer, encode, Vocabulary } from 'ipu-pipeline/tokenizer';
import { percentile, verdict } from './lib.js';

const rounds = Number(process.argv[2] ?? 15);
const dir = resolve(process.argv[3] ?? '../shared/bert');
const paths = {
  squad: join(dir, 'squad/dev-v1.1.json'),
  vocabulary: join(dir, 'vocab/bert-base-uncased-vocab.txt'),
  tokenizer: join(dir, 'tiny-bert/tokenizer.json'),
};
const absent = Object.values(paths).filter((path) => !existsSync(path));
if (absent.length > 0) {
  console.log(`skipped: ${absent.join(', ')} is not there`);
  process.exit(0);
}

/** The package's own declarations import without file endings, which TypeScript does not follow in ES modules. */
interface TheirTokenizer {
  encode(text: string, options: { return_token_type_ids: boolean }): { readonly ids: number[] };
}
const { Tokenizer } = huggingFace as unknown as {
  Tokenizer: new (json: object, config: object) => TheirTokenizer;
};

interface Squad {
  readonly data: readonly { readonly paragraphs: readonly { readonly context: string }[] }[];
}
const squad = JSON.parse(await readFile(paths.squad, 'utf8')) as Squad;
const texts = [...new Set(squad.data.flatMap(({ paragraphs }) => paragraphs.map(({ context }) => context)))];
const chars = texts.reduce((sum, { length }) => sum + length, 0);
const pieces = (await readFile(paths.vocabulary, 'utf8')).split('\n').filter((piece) => piece !== '');

const theirs = await makeTheirs();
const ours = new BertTokenizer(new Vocabulary(pieces));
const ways = {
  theirs: (text: string): number[] => theirs.encode(text, { return_token_type_ids: true }).ids,
  ours: (text: string): number[] => encode(ours, text).ids,
  'ours, pieces and places only': (text: string): number[] => ours.tokenize(text).ids,
};
type Way = keyof typeof ways;
const names = Object.keys(ways) as Way[];

const seconds = new Map<Way, number[]>(names.map((name) => [name, []]));
// Who begins changes from round to round; the first one of each is cold and stands apart.
for (let round = 0; round <= rounds; round++) {
  for (const name of round % 2 === 0 ? names : names.toReversed()) seconds.get(name)!.push(time(ways[name]));
}
const median = (name: Way): number => percentile(seconds.get(name)!.slice(1), 0.5);

console.log(`${texts.length} contexts, ${(chars / 1e6).toFixed(2)} million characters, ${rounds} rounds`);
for (const name of names) {
  const [cold, ...warm] = seconds.get(name)!;
  const spread = `${(percentile(warm, 0) * 1e3).toFixed(1)} … ${(percentile(warm, 1) * 1e3).toFixed(1)} ms`;
  const rate = `${(chars / median(name) / 1e6).toFixed(2)} million characters/s`;
  console.log(
    `${name}: ${(median(name) * 1e3).toFixed(1)} ms (${spread}), ${rate}; first ${(cold! * 1e3).toFixed(1)} ms`,
  );
}
const cold = (name: Way): number => seconds.get(name)![0]!;
console.log(`first pass, theirs over ours: ${(cold('theirs') / cold('ours')).toFixed(2)} ×`);

const differing = texts.filter((text) => ways.ours(text).join() !== ways.theirs(text).join());
for (const text of differing.slice(0, 5)) console.log(firstDifference(text));
verdict('throughput over @huggingface/tokenizers', median('theirs') / median('ours'), { atLeast: 2 }, ' ×');
verdict('texts with other ids', differing.length, { atMost: 0 });

function time(way: (text: string) => number[]): number {
  const start = process.hrtime.bigint();
  for (const text of texts) way(text);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** The tiny model's `tokenizer.json` around the vocabulary of bert-base-uncased: all but the ids is the same. */
async function makeTheirs(): Promise<TheirTokenizer> {
  interface TokenizerJson {
    added_tokens: { id: number; content: string }[];
    post_processor: { special_tokens: Record<string, { ids: number[] }> };
    model: { vocab: Record<string, number> };
  }
  const json = JSON.parse(await readFile(paths.tokenizer, 'utf8')) as TokenizerJson;
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  json.model.vocab = vocab;
  for (const token of json.added_tokens) token.id = vocab[token.content]!;
  for (const [token, special] of Object.entries(json.post_processor.special_tokens)) {
    special.ids = [vocab[token]!];
  }
  return new Tokenizer(json, { tokenizer_class: 'BertTokenizer', do_lower_case: true });
}

function firstDifference(text: string): string {
  const [a, b] = [ways.ours(text), ways.theirs(text)];
  const at = a.findIndex((id, index) => id !== b[index]);
  const near = (ids: readonly number[]): string =>
    ids
      .slice(Math.max(0, at - 2), at + 3)
      .map((id) => pieces[id])
      .join(' ');
  return `differs at piece ${at}: ours "${near(a)}", theirs "${near(b)}" in "${text.slice(0, 60)}…"`;
}
