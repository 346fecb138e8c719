import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { InputError } from '../../ipu-config/base/errors.js';
import { parsePythonJson, short } from '../../ipu-config/base/json-text.js';
import { lfsPointer } from '../../ipu-config/base/lfs-pointer.js';
import { reason, systemCode } from '../../ipu-config/base/reason.js';
import type { AddedToken } from './base/added-tokens.js';

const attribute = v.optional(v.nullable(v.boolean()));

/** An added token as all files write it. Those that are not special are looked for in the normalised text. */
export const addedToken = v.pipe(
  v.object({
    content: v.string(),
    special: attribute,
    normalized: attribute,
    single_word: attribute,
    lstrip: attribute,
    rstrip: attribute,
  }),
  v.transform(({ content, special, normalized, single_word, lstrip, rstrip }): AddedToken => {
    const isSpecial = special ?? false;
    return {
      ...{ content, special: isSpecial, normalized: normalized ?? !isSpecial },
      ...(single_word == null ? {} : { singleWord: single_word }),
      ...(lstrip == null ? {} : { lstrip }),
      ...(rstrip == null ? {} : { rstrip }),
    };
  }),
);

/** A special token is written as its text, or as an object around it. */
const namedToken = v.pipe(
  v.union([
    v.pipe(
      v.string(),
      v.transform((content) => ({ content })),
    ),
    v.looseObject({ content: v.string() }),
  ]),
  v.transform((named) => ({ normalized: false, ...named, special: true })),
  addedToken,
);
const optional = v.optional(v.nullable(namedToken));
const tokenList = v.optional(v.nullable(v.array(namedToken)));

export const specialsSchema = v.object({
  bos_token: optional,
  eos_token: optional,
  unk_token: optional,
  cls_token: optional,
  sep_token: optional,
  pad_token: optional,
  mask_token: optional,
  additional_special_tokens: tokenList,
  // A list in version 5; tokens by name before.
  extra_special_tokens: v.optional(
    v.nullable(
      v.union([
        v.array(namedToken),
        v.pipe(
          v.record(v.string(), namedToken),
          v.transform((tokens) => Object.values(tokens)),
        ),
      ]),
    ),
  ),
});

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

const side = v.optional(v.nullable(v.picklist(['left', 'right'])));

/** `tokenizer_config.json`, as far as the tokenizers look at it. */
export const configSchema = v.object({
  ...specialsSchema.entries,
  tokenizer_class: v.optional(v.nullable(v.string())),
  do_lower_case: v.optional(v.nullable(v.boolean())),
  do_basic_tokenize: v.optional(v.nullable(v.boolean())),
  strip_accents: v.optional(v.nullable(v.boolean())),
  tokenize_chinese_chars: v.optional(v.nullable(v.boolean())),
  model_max_length: v.optional(v.nullable(v.number())),
  added_tokens_decoder: v.optional(
    v.nullable(v.record(v.pipe(v.string(), v.regex(/^\d+$/, 'an id is a whole number')), addedToken)),
  ),
  add_prefix_space: v.optional(v.nullable(v.boolean())),
  trim_offsets: v.optional(v.nullable(v.boolean())),
  truncation_side: side,
  padding_side: side,
  never_split: v.optional(v.nullable(v.array(v.string()))),
});

/** Ids by piece: `vocab.json`, `vocab` in tokenizer.json, and `added_tokens.json` of older directories. */
export const pieceIds = v.record(v.string(), whole);

/**
 * A file that is not there is an empty object.
 * @throws InputError when it cannot be read, is not JSON, or not of the schema's form
 */
export async function readJson<T extends v.GenericSchema>(
  path: string,
  schema: T,
): Promise<v.InferOutput<T>> {
  const text = await readText(path, '', '{}');
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  if (Array.isArray(value)) throw new InputError(`${path} holds a list where there must be an object.`);
  return fitting(schema, value, path);
}

/**
 * @param where the file, or the part of one, that the value is
 * @throws InputError that names the place in it
 */
export function fitting<T extends v.GenericSchema>(
  schema: T,
  value: unknown,
  where: string,
): v.InferOutput<T> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const place = short(v.getDotPath(issue) ?? 'the content');
  // valibot repeats the whole of what it found.
  throw new InputError(`${where}: ${place} is wrong: ${short(issue.message, 200)}.`);
}

/**
 * @param absent the text of a file that is not there; an error when not given
 * @throws InputError when the file cannot be read or is not UTF-8
 */
export async function readText(path: string, what: string, absent?: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (absent !== undefined && systemCode(error) === 'ENOENT') return Buffer.from(absent);
    throw new InputError(`cannot read ${what}${path}: ${reason(error)}.`, { cause: error });
  });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InputError(`${what}${path} is not UTF-8 text.`, { cause: error });
  }
  const pointer = lfsPointer(path, text);
  if (pointer !== undefined) throw new InputError(pointer);
  return text;
}
