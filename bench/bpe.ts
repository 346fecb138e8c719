/**
 * The claim: byte-level BPE on the distinct contexts of SQuAD 1.1's dev set with GPT-2's vocabulary, one thread, against
 * the npm package `@huggingface/tokenizers` on the same texts. Ours gives offsets into the text as well, the other does
 * not.
 *
 *     npx tsx bench/bpe.ts [rounds] [directory with bert/ and families/ as in ../shared]
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as huggingFace from '@huggingface/tokenizers';
import { BpeTokenizer, encode, parseMerges, Vocabulary } from 'ipu-pipeline/tokenizer';
import { percentile, verdict } from './lib.js';

const rounds = Number(process.argv[2] ?? 15);
const dir = resolve(process.argv[3] ?? '../shared');
const [squadFile, vocabFile, mergesFile] = [
  'bert/squad/dev-v1.1.json',
  'families/tokenizer/gpt2/vocab.json',
  'families/tokenizer/gpt2/merges.txt',
].map((path) => join(dir, path)) as [string, string, string];
const absent = [squadFile, vocabFile, mergesFile].filter((path) => !existsSync(path));
if (absent.length > 0) {
  console.log(`skipped: ${absent.join(', ')} is not there`);
  process.exit(0);
}

/** The package's own declarations import without file endings, which TypeScript does not follow in ES modules. */
interface TheirTokenizer {
  encode(text: string): { readonly ids: number[] };
}
const { Tokenizer } = huggingFace as unknown as {
  Tokenizer: new (json: object, config: object) => TheirTokenizer;
};

interface Squad {
  readonly data: readonly { readonly paragraphs: readonly { readonly context: string }[] }[];
}
const squad = JSON.parse(await readFile(squadFile, 'utf8')) as Squad;
const texts = [...new Set(squad.data.flatMap(({ paragraphs }) => paragraphs.map(({ context }) => context)))];
const chars = texts.reduce((sum, { length }) => sum + length, 0);

const vocab = JSON.parse(await readFile(vocabFile, 'utf8')) as Record<string, number>;
const merges = parseMerges(await readFile(mergesFile, 'utf8'), mergesFile);
const END = '<|endoftext|>';
const specials = { unk: END, cls: END, sep: END, pad: END, mask: END };
const layout = { single: [{ text: 0, typeId: 0 }], pair: [] } as const;
const makeOurs = (): BpeTokenizer =>
  new BpeTokenizer(new Vocabulary(new Map(Object.entries(vocab)), specials), merges, { layout });
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const makeTheirs = (): TheirTokenizer =>
  new Tokenizer(
    {
      ...{ version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null },
      ...{ pre_tokenizer: byteLevel, post_processor: byteLevel, decoder: byteLevel },
      model: { type: 'BPE', vocab, merges: merges.pairs.map((pair) => pair.join(' ')) },
    },
    { tokenizer_class: 'GPT2Tokenizer' },
  );
const theirs = makeTheirs();
const ours = makeOurs();
const ways = {
  theirs: (text: string): number[] => theirs.encode(text).ids,
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
const first = (name: Way): number => seconds.get(name)![0]!;
console.log(`first pass, theirs over ours: ${(first('theirs') / first('ours')).toFixed(2)} ×`);

// White space with these two is JavaScript's there, and Unicode's here and upstream.
const comparable = texts.filter((text) => !/[\u0085\ufeff]/.test(text));
const differing = comparable.filter((text) => ways.ours(text).join() !== ways.theirs(text).join());
for (const text of differing.slice(0, 5)) console.log(`other ids: ${JSON.stringify(text.slice(0, 80))}`);
verdict('throughput over @huggingface/tokenizers', median('theirs') / median('ours'), { atLeast: 4 }, ' ×');
verdict(`texts with other ids, of ${comparable.length}`, differing.length, { atMost: 0 });

function time(way: (text: string) => number[]): number {
  const start = process.hrtime.bigint();
  for (const text of texts) way(text);
  return Number(process.hrtime.bigint() - start) / 1e9;
}
