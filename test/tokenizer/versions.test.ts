import { expect, it } from 'vitest';
import { decode, encode, loadTokenizer } from 'ipu-pipeline/tokenizer';
import { added, addedTo, directory, tokenizerJson, VOCAB, type Files } from './directories.js';

const PIECES = ['covid', 'co', '##vi', '##d', 'The', 'the', 'a', 'b'];

it('a directory as versions 4.20, 4.45 and 5 of transformers write it gives the same rows', async () => {
  const special = { special: true, normalized: false, single_word: false, lstrip: false, rstrip: false };
  const added_tokens_decoder = Object.fromEntries(
    ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map((content, id) => [id, { content, ...special }]),
  );
  const json = tokenizerJson(PIECES);
  const vocab = [...VOCAB.slice(0, 5), ...PIECES].join('\n');
  const own = { 'tokenizer.json': addedTo(json, added('[E1]', { special: true })) };
  const names = {
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
    pad_token: '[PAD]',
    mask_token: '[MASK]',
  };
  const shared = { ...names, do_lower_case: true, strip_accents: null, tokenize_chinese_chars: true };
  const map = { ...names, additional_special_tokens: ['[E1]'] };
  const directories: Files[] = [
    {
      ...own,
      'vocab.txt': vocab,
      'added_tokens.json': { '[E1]': 13 },
      'special_tokens_map.json': map,
      'tokenizer_config.json': {
        ...{ ...shared, tokenizer_class: 'BertTokenizer', special_tokens_map_file: null, never_split: null },
        ...{ name_or_path: 'x', do_basic_tokenize: true, model_max_length: 512 },
      },
    },
    {
      ...own,
      'vocab.txt': vocab,
      'special_tokens_map.json': map,
      'tokenizer_config.json': {
        ...{
          ...shared,
          tokenizer_class: 'BertTokenizer',
          clean_up_tokenization_spaces: true,
          model_max_length: 512,
        },
        additional_special_tokens: ['[E1]'],
        added_tokens_decoder: { ...added_tokens_decoder, 13: { content: '[E1]', ...special } },
      },
    },
    {
      ...own,
      'tokenizer_config.json': {
        ...{
          ...shared,
          tokenizer_class: 'BertTokenizer',
          backend: 'tokenizers',
          is_local: true,
          model_max_length: 512,
        },
        extra_special_tokens: ['[E1]'],
      },
    },
  ];
  const rows = await Promise.all(
    directories.map(async (files) => {
      const tokenizer = await loadTokenizer(await directory(files));
      const { ids: row, offsets } = encode(tokenizer, 'THE [E1] covíd [MASK]', 'a');
      return { row, offsets, decoded: decode(tokenizer, row), longest: tokenizer.modelMaxLength };
    }),
  );
  expect(rows[0]!.row).toEqual([2, 10, 13, 5, 4, 3, 11, 3]);
  expect(rows[1]).toEqual(rows[0]);
  expect(rows[2]).toEqual(rows[0]);
  const without = await Promise.all(
    directories
      .slice(0, 2)
      .map(async ({ 'tokenizer.json': _, ...files }) =>
        (await loadTokenizer(await directory(files))).pieces('[E1] THE'),
      ),
  );
  expect(without).toEqual([
    [13, 10],
    [13, 10],
  ]);
});
