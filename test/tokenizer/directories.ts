import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

export const VOCAB = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'The', '##d', 'é', 'e'];

export type Files = Record<string, string | Uint8Array | object>;

const written: string[] = [];
afterEach(async () => {
  for (const path of written.splice(0)) await rm(path, { recursive: true });
});

/** A directory with these files, objects as JSON; it is gone after the test. */
export async function directory(files: Files): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'ipu-pipeline-load-tokenizer-'));
  written.push(path);
  for (const [name, content] of Object.entries(files)) {
    const isRaw = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(join(path, name), isRaw ? content : JSON.stringify(content));
  }
  return path;
}

const SPECIALS = VOCAB.slice(0, 5);

/** A tokenizer.json as transformers writes it for an uncased BERT with these pieces after the special ones. */
export function tokenizerJson(pieces: readonly string[], over: object = {}): object {
  const all = [...SPECIALS, ...pieces];
  const special = (content: string, id: number) => ({
    ...{ id, content, special: true, normalized: false },
    ...{ single_word: false, lstrip: false, rstrip: false },
  });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIALS.map(special),
    normalizer: {
      ...{ type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true },
      ...{ strip_accents: null, lowercase: true },
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      ...{ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##' },
      ...{ max_input_chars_per_word: 100, vocab: Object.fromEntries(all.map((piece, id) => [piece, id])) },
    },
    ...over,
  };
}

/** An added token as tokenizer.json has it. */
export const added = (content: string, over: object = {}): object => ({
  ...{ id: 13, content, special: false, normalized: false },
  ...{ single_word: false, lstrip: false, rstrip: false, ...over },
});

/** A tokenizer.json with further added tokens. */
export function addedTo(json: object, ...tokens: object[]): object {
  return { ...json, added_tokens: [...(json as { added_tokens: object[] }).added_tokens, ...tokens] };
}
