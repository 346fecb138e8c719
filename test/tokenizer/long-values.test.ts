import { InputError } from 'ipu-pipeline';
import { loadTokenizer } from 'ipu-pipeline/tokenizer';
import { describe, expect, it } from 'vitest';
import { added, addedTo, directory, tokenizerJson, VOCAB } from './directories.js';

const LONG = 'x'.repeat(50_000);

/** The same value with a long text in the place of each part, and with a long key in each object. */
function* withLongTexts(json: unknown): Generator<unknown> {
  yield LONG;
  yield [LONG];
  if (typeof json !== 'object' || json === null) return;
  if (!Array.isArray(json)) yield { ...json, [LONG]: LONG };
  for (const [key, part] of Object.entries(json).slice(0, 20)) {
    for (const other of withLongTexts(part)) {
      yield Array.isArray(json) ? json.with(Number(key), other) : { ...json, [key]: other };
    }
  }
}

describe.each([
  ['tokenizer.json', addedTo(tokenizerJson(['the', '##d']), added('<new>'))],
  [
    'tokenizer_config.json',
    {
      ...{ do_lower_case: true, strip_accents: null, tokenize_chinese_chars: true, never_split: ['a'] },
      ...{ model_max_length: 512, tokenizer_class: 'BertTokenizer', unk_token: '[UNK]' },
      ...{ mask_token: { content: '[MASK]', lstrip: false }, added_tokens_decoder: { '9': added('e') } },
    },
  ],
  ['special_tokens_map.json', { unk_token: '[UNK]', mask_token: { content: '[MASK]', lstrip: false } }],
  ['added_tokens.json', { '<new>': 10 }],
])('a long text anywhere in %s', (name, json) => {
  it('is quoted by its beginning', async () => {
    let refused = 0;
    for (const content of withLongTexts(json)) {
      const path = await directory({
        'vocab.txt': VOCAB.join('\n'),
        [name]: content as object,
      });
      const load = loadTokenizer(path, { onWarning: (text) => expect(text.length).toBeLessThan(1000) });
      const error: unknown = await load.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) continue;
      refused++;
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message.length).toBeLessThan(1000);
    }
    expect(refused).toBeGreaterThan(0);
  });
});
