/**
 * The claim: byte-level BPE on the distinct contexts of SQuAD 1.1's dev set with GPT-2's vocabulary, one thread, against
 * the npm package `@huggingface/tokenizers` on the same texts. Ours gives offsets into the text as well, the other does
 * not.
 *
 *     npx tsx bench/bpe.ts [rounds] [directory with bert/ and families/ as in ../shared]
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BpeTokenizer, parseMerges, Vocabulary } from 'ipu-pipeline/tokenizer';
import { compareTokenizers, contextsOf, filesBelow, TheirTokenizer } from './tokenizers-in-turn.js';

const rounds = Number(process.argv[2] ?? 15);
const files = filesBelow(resolve(process.argv[3] ?? '../shared'), {
  squad: 'bert/squad/dev-v1.1.json',
  vocabulary: 'families/tokenizer/gpt2/vocab.json',
  merges: 'families/tokenizer/gpt2/merges.txt',
});
const vocab = JSON.parse(await readFile(files.vocabulary, 'utf8')) as Record<string, number>;
const merges = parseMerges(await readFile(files.merges, 'utf8'), files.merges);

const END = '<|endoftext|>';
const specials = { unk: END, cls: END, sep: END, pad: END, mask: END };
const layout = { single: [{ text: 0, typeId: 0 }], pair: [] } as const;
const ours = new BpeTokenizer(new Vocabulary(new Map(Object.entries(vocab)), specials), merges, { layout });

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const theirs = new TheirTokenizer(
  {
    ...{ version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null },
    ...{ pre_tokenizer: byteLevel, post_processor: byteLevel, decoder: byteLevel },
    model: { type: 'BPE', vocab, merges: merges.pairs.map((pair) => pair.join(' ')) },
  },
  { tokenizer_class: 'GPT2Tokenizer' },
);

compareTokenizers(await contextsOf(files.squad), ours, theirs, {
  rounds,
  atLeast: 4,
  // White space with these two is JavaScript's there, and Unicode's here and upstream.
  sameIds: (text) => !/[\u0085\ufeff]/.test(text),
});
