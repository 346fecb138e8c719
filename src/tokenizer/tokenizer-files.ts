import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { InputError } from '../../ipu-config/base/errors.js';
import { parseVocabulary } from './vocabulary.js';

/** A special token is written as its text, or as an object around it. */
const token = v.union([
  v.string(),
  v.pipe(
    v.object({ content: v.string() }),
    v.transform(({ content }) => content),
  ),
]);
const optional = v.optional(v.nullable(token));
const tokenList = v.optional(v.nullable(v.array(token)), []);

export const specialsSchema = v.object({
  unk_token: optional,
  cls_token: optional,
  sep_token: optional,
  pad_token: optional,
  mask_token: optional,
  additional_special_tokens: tokenList,
});

/** `tokenizer_config.json`, as far as a BERT tokenizer looks at it. */
export const configSchema = v.object({
  ...specialsSchema.entries,
  tokenizer_class: v.optional(v.nullable(v.string())),
  do_lower_case: v.optional(v.boolean(), true),
  do_basic_tokenize: v.optional(v.boolean(), true),
  strip_accents: v.optional(v.nullable(v.boolean())),
  tokenize_chinese_chars: v.optional(v.boolean(), true),
  model_max_length: v.optional(v.nullable(v.number())),
  added_tokens_decoder: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^\d+$/, 'an id is a whole number')),
      v.object({ content: v.string(), special: v.optional(v.boolean(), false) }),
    ),
    {},
  ),
  never_split: v.optional(v.nullable(v.array(v.string()))),
});

/** `added_tokens.json` of older directories: ids by token. */
export const addedTokensSchema = v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0)));

/** @throws InputError when the file cannot be read or is not UTF-8 */
export async function readVocabulary(path: string): Promise<string[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new InputError(`cannot read the vocabulary ${path}: ${(error as Error).message}.`, {
      cause: error,
    });
  });
  try {
    return parseVocabulary(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new InputError(`the vocabulary ${path} is not UTF-8 text.`, { cause: error });
  }
}

/**
 * A file that is not there is an empty object.
 * @throws InputError when it cannot be read, is not JSON, or not of the schema's form
 */
export async function readJson<T extends v.GenericSchema>(
  path: string,
  schema: T,
): Promise<v.InferOutput<T>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '{}';
    throw new InputError(`cannot read ${path}: ${(error as Error).message}.`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  if (Array.isArray(value)) throw new InputError(`${path} holds a list where there must be an object.`);
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new InputError(`${path}: ${v.getDotPath(issue) ?? 'the file'} is wrong: ${issue.message}.`);
}
