/**
 * The claim: BERT's tokenizer on the distinct contexts of SQuAD 1.1's dev set, one thread, against the npm package
 * `@huggingface/tokenizers` on the same texts. Ours gives offsets into the text as well, the other does not.
 *
 *     npx tsx bench/tokenizer.ts [rounds] [directory laid out as ../shared/bert]
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BertTokenizer, Vocabulary } from 'ipu-pipeline/tokenizer';
import { compareTokenizers, contextsOf, filesBelow, TheirTokenizer } from './tokenizers-in-turn.js';

const rounds = Number(process.argv[2] ?? 15);
const files = filesBelow(resolve(process.argv[3] ?? '../shared/bert'), {
  squad: 'squad/dev-v1.1.json',
  vocabulary: 'vocab/bert-base-uncased-vocab.txt',
  tokenizer: 'tiny-bert/tokenizer.json',
});
const pieces = (await readFile(files.vocabulary, 'utf8')).split('\n').filter((piece) => piece !== '');

/** The tiny model's `tokenizer.json` around the vocabulary of bert-base-uncased: all but the ids is the same. */
interface TokenizerJson {
  added_tokens: { id: number; content: string }[];
  post_processor: { special_tokens: Record<string, { ids: number[] }> };
  model: { vocab: Record<string, number> };
}
const json = JSON.parse(await readFile(files.tokenizer, 'utf8')) as TokenizerJson;
const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
json.model.vocab = vocab;
for (const token of json.added_tokens) token.id = vocab[token.content]!;
for (const [token, special] of Object.entries(json.post_processor.special_tokens))
  special.ids = [vocab[token]!];

compareTokenizers(
  await contextsOf(files.squad),
  new BertTokenizer(new Vocabulary(pieces)),
  new TheirTokenizer(json, { tokenizer_class: 'BertTokenizer', do_lower_case: true }),
  { rounds, atLeast: 2 },
);
