import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { AddedToken } from '../base/added-tokens.js';
import type { SpecialPieces } from '../base/vocabulary.js';
import { refuseForeignKeys, tokenizerClass, type TokenizerClass } from '../tokenizer-class.js';
import { configSchema, pieceIds, readJson, specialsSchema } from '../tokenizer-files.js';
import type { TokenizerOptions } from '../tokenizer-base.js';

/** transformers writes 10³⁰ for "no limit", and takes anything above this for it. */
const LARGEST_LIMIT = 1e20;

const SPECIAL_NAMES = [
  ...(['bos_token', 'eos_token'] as const),
  ...(['unk_token', 'cls_token', 'sep_token', 'pad_token', 'mask_token'] as const),
];

/** What the files of a directory say beside the vocabulary and tokenizer.json. */
export interface Settings {
  readonly directory: string;
  readonly configFile: string;
  readonly config: v.InferOutput<typeof configSchema>;
  readonly map: v.InferOutput<typeof specialsSchema>;
  readonly older: Readonly<Record<string, number>>;
  /** The class that the files name, if they do. */
  readonly class: TokenizerClass | undefined;
  /** Of config.json. */
  readonly modelType: string | undefined;
}

/** @throws InputError that names the file and what is wrong with it or not known here */
export async function readSettings(directory: string): Promise<Settings> {
  const configFile = join(directory, 'tokenizer_config.json');
  const modelFile = join(directory, 'config.json');
  const files = await Promise.all(
    [configFile, modelFile].map(async (file) => ({ file, content: await readJson(file, v.looseObject({})) })),
  );
  const named = tokenizerClass(files);
  files.forEach(refuseForeignKeys);
  const modelType = files[1]!.content.model_type;
  return {
    ...{ directory, configFile, class: named },
    config: await readJson(configFile, configSchema),
    map: await readJson(join(directory, 'special_tokens_map.json'), specialsSchema),
    older: await readJson(join(directory, 'added_tokens.json'), pieceIds),
    modelType: typeof modelType === 'string' ? modelType : undefined,
  };
}

/** @param others what tokenizer.json says, and where nothing does the names that its kind is known for */
export function specialPieces({ config, map }: Settings, others: SpecialPieces): SpecialPieces {
  const special = (name: keyof SpecialPieces): string =>
    (map[`${name}_token`] ?? config[`${name}_token`])?.content ?? others[name];
  return {
    unk: special('unk'),
    cls: special('cls'),
    sep: special('sep'),
    pad: special('pad'),
    mask: special('mask'),
  };
}

/**
 * In the order in which transformers adds them. What tokenizer_config.json says of a token overrules tokenizer.json;
 * the older files and lists of names count where no other file has the token.
 */
export function addedTokens(
  { config, map, older }: Settings,
  fromJson: readonly AddedToken[] = [],
): AddedToken[] {
  const listed = [map, config].flatMap((file) => [
    ...(file.additional_special_tokens ?? []),
    ...(file.extra_special_tokens ?? []),
  ]);
  const named = [...listed, ...SPECIAL_NAMES.flatMap((name) => map[name] ?? config[name] ?? [])];
  const specials = new Set(named.map(({ content }) => content));
  const decoder = Object.entries(config.added_tokens_decoder ?? {}).map(([id, token]) => ({
    ...token,
    id: Number(id),
  }));
  const known = new Set([...fromJson, ...decoder].map(({ content }) => content));
  const numbered = Object.entries(older)
    .filter(([content]) => !known.has(content))
    .map(([content, id]) => ({ content, special: false, normalized: !specials.has(content), id }));
  for (const { content } of numbered) known.add(content);
  return [
    ...fromJson,
    ...[...decoder, ...numbered].sort((a, b) => a.id - b.id),
    ...named.filter(({ content }) => !known.has(content)),
  ].map((token) => ({ ...token, special: token.special || specials.has(token.content) }));
}

/** The longest row, and the sides. @param inJson what tokenizer.json says of sides, where the settings say nothing */
export function rowOptions(
  { config, configFile }: Settings,
  inJson: Pick<TokenizerOptions, 'truncationSide' | 'paddingSide'> = {},
): TokenizerOptions {
  return {
    modelMaxLength: limit(config.model_max_length, configFile),
    truncationSide: config.truncation_side ?? inJson.truncationSide ?? 'right',
    paddingSide: config.padding_side ?? inJson.paddingSide ?? 'right',
  };
}

function limit(length: number | null | undefined, file: string): number {
  if (length === undefined || length === null || length > LARGEST_LIMIT) return Infinity;
  if (Number.isInteger(length) && length > 0) return length;
  throw new InputError(`${file}: model_max_length is ${length}; it must be a whole number of at least 1.`);
}
