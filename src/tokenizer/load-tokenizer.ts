import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../../ipu-config/errors.js';
import type { TokenizerFlavour } from './basic-options.js';
import { BertTokenizer } from './bert-tokenizer.js';
import { parseVocabulary, STANDARD_SPECIALS, Vocabulary } from './vocabulary.js';

/** A special token is written as its text, or as an object around it. */
const token = v.union([
  v.string(),
  v.pipe(
    v.object({ content: v.string() }),
    v.transform(({ content }) => content),
  ),
]);
const optional = v.optional(v.nullable(token));

const specialsSchema = v.object({
  unk_token: optional,
  cls_token: optional,
  sep_token: optional,
  pad_token: optional,
  mask_token: optional,
  additional_special_tokens: v.optional(v.nullable(v.array(token))),
});

const configSchema = v.object({
  ...specialsSchema.entries,
  do_lower_case: v.optional(v.boolean(), true),
  strip_accents: v.optional(v.nullable(v.boolean())),
  tokenize_chinese_chars: v.optional(v.boolean(), true),
  model_max_length: v.optional(v.number()),
  added_tokens_decoder: v.optional(v.record(v.string(), v.object({ content: v.string() }))),
  never_split: v.optional(v.nullable(v.array(v.string()))),
});

/**
 * Reads the tokenizer of a Hugging Face directory: `vocab.txt`, and where they are there `tokenizer_config.json`
 * and `special_tokens_map.json`.
 * @throws InputError that names the file and what is wrong with it
 */
export async function loadTokenizer(
  directory: string,
  options: { readonly flavour?: TokenizerFlavour } = {},
): Promise<BertTokenizer> {
  const vocabFile = join(directory, 'vocab.txt');
  const config = await readJson(join(directory, 'tokenizer_config.json'), configSchema);
  const map = await readJson(join(directory, 'special_tokens_map.json'), specialsSchema);
  const special = (name: keyof typeof STANDARD_SPECIALS): string =>
    map[`${name}_token`] ?? config[`${name}_token`] ?? STANDARD_SPECIALS[name];
  const specials = {
    unk: special('unk'),
    cls: special('cls'),
    sep: special('sep'),
    pad: special('pad'),
    mask: special('mask'),
  };
  const added = Object.values(config.added_tokens_decoder ?? {}).map(({ content }) => content);
  return new BertTokenizer(new Vocabulary(await readVocabulary(vocabFile), specials, vocabFile), {
    ...options,
    lowerCase: config.do_lower_case,
    splitIdeographs: config.tokenize_chinese_chars,
    addedTokens: [
      ...added,
      ...(map.additional_special_tokens ?? []),
      ...(config.additional_special_tokens ?? []),
    ],
    ...(typeof config.strip_accents === 'boolean' ? { stripAccents: config.strip_accents } : {}),
    ...(config.model_max_length === undefined ? {} : { modelMaxLength: config.model_max_length }),
  });
}

async function readVocabulary(path: string): Promise<string[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new InputError(`cannot read the vocabulary ${path}: ${(error as Error).message}.`, {
      cause: error,
    });
  });
  try {
    return parseVocabulary(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new InputError(`the vocabulary ${path} is not UTF-8 text.`, { cause: error });
  }
}

/** A file that is not there is an empty object. */
async function readJson<T extends v.GenericSchema>(path: string, schema: T): Promise<v.InferOutput<T>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '{}';
    throw new InputError(`cannot read ${path}: ${(error as Error).message}.`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new InputError(`${path}: ${v.getDotPath(issue) ?? 'the file'} is wrong: ${issue.message}.`);
}
