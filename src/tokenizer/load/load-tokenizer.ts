import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { AddedToken } from '../base/added-tokens.js';
import { BertTokenizer, type BertTokenizerOptions } from '../bert-tokenizer.js';
import { readWordPieceFile, type ClassArguments } from '../json/tokenizer-json.js';
import { isBackendClass, refuseForeignKeys, tokenizerClass } from '../tokenizer-class.js';
import {
  addedTokensSchema,
  configSchema,
  readJson,
  readVocabulary,
  specialsSchema,
} from '../tokenizer-files.js';
import type { TokenizerFlavour } from '../base/tokenizer.js';
import { STANDARD_SPECIALS, Vocabulary, type SpecialPieces } from '../base/vocabulary.js';

/** transformers writes 10³⁰ for "no limit", and takes anything above this for it. */
const LARGEST_LIMIT = 1e20;
/** An uncased vocabulary has no capitals but in its special pieces. */
const CASED_SHARE = 0.01;

const SPECIAL_NAMES = ['unk_token', 'cls_token', 'sep_token', 'pad_token', 'mask_token'] as const;

type Config = v.InferOutput<typeof configSchema>;
type Specials = v.InferOutput<typeof specialsSchema>;

export interface LoadTokenizerOptions {
  /** `fast` when absent. */
  readonly flavour?: TokenizerFlavour;
  /** Told what upstream does in silence and users regret; `process.emitWarning` when absent. */
  readonly onWarning?: (message: string) => void;
}

/** What the files of a directory say beside vocab.txt and tokenizer.json. */
interface Settings {
  readonly directory: string;
  readonly configFile: string;
  readonly config: Config;
  readonly map: Specials;
  readonly older: Readonly<Record<string, number>>;
  /** The class that the files name, if they do. */
  readonly className: string | undefined;
}

/**
 * Reads the tokenizer of a Hugging Face directory: `tokenizer.json` where it is there and the flavour fast, else
 * `vocab.txt`; and `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`, and the class in
 * `config.json`.
 * @throws InputError that names the file and what is wrong with it or not known here
 */
export async function loadTokenizer(
  directory: string,
  options: LoadTokenizerOptions = {},
): Promise<BertTokenizer> {
  const { flavour = 'fast' } = options;
  const settings = await readSettings(directory);
  const jsonFile = join(directory, 'tokenizer.json');
  if (flavour === 'fast' && existsSync(jsonFile)) return fromJson(jsonFile, settings);
  if (isBackendClass(settings.className)) {
    throw new InputError(
      `${settings.configFile}: tokenizer_class is ${settings.className}, whose only file is tokenizer.json, ` +
        (flavour === 'slow' ? 'which the slow flavour has not.' : `and ${directory} has none. Fetch it too.`),
    );
  }
  return fromVocabulary(settings, options);
}

async function readSettings(directory: string): Promise<Settings> {
  const configFile = join(directory, 'tokenizer_config.json');
  const files = await Promise.all(
    [configFile, join(directory, 'config.json')].map(async (file) => ({
      file,
      content: await readJson(file, v.looseObject({})),
    })),
  );
  const className = tokenizerClass(files);
  files.forEach(refuseForeignKeys);
  return {
    ...{ directory, configFile, className },
    config: await readJson(configFile, configSchema),
    map: await readJson(join(directory, 'special_tokens_map.json'), specialsSchema),
    older: await readJson(join(directory, 'added_tokens.json'), addedTokensSchema),
  };
}

async function fromJson(path: string, settings: Settings): Promise<BertTokenizer> {
  const file = readWordPieceFile(path, await readJson(path, v.looseObject({})), classArguments(settings));
  const { unknownPiece: unk, padPiece: pad } = file;
  const specials = specialPieces(settings, { unk, ...(pad === undefined ? {} : { pad }) });
  return new BertTokenizer(new Vocabulary(file.vocabulary, specials, path), {
    ...file.options,
    addedTokens: addedTokens(settings, file.addedTokens),
    modelMaxLength: limit(settings.config.model_max_length, settings.configFile),
  });
}

/** BERT's own classes overrule the file's normalizer; where no file names a class, only by what is written. */
function classArguments({ config, className }: Settings): ClassArguments {
  if (isBackendClass(className)) return {};
  const byDefault = className === undefined ? undefined : true;
  return {
    lowerCase: config.do_lower_case ?? byDefault,
    stripAccents: className === undefined ? config.strip_accents : (config.strip_accents ?? null),
    splitIdeographs: config.tokenize_chinese_chars ?? byDefault,
  };
}

async function fromVocabulary(
  settings: Settings,
  { flavour = 'fast', onWarning = (message) => process.emitWarning(message) }: LoadTokenizerOptions,
): Promise<BertTokenizer> {
  const { config, configFile, directory } = settings;
  if (config.do_basic_tokenize === false && flavour === 'slow') {
    throw new InputError(
      `${configFile}: do_basic_tokenize is false, which the slow flavour does not have. The fast one, like upstream's, ` +
        'takes no notice of it.',
    );
  }
  const vocabFile = join(directory, 'vocab.txt');
  const pieces = await readVocabulary(vocabFile);
  if (!existsSync(configFile) && isCased(pieces)) {
    onWarning(
      `${directory} has no tokenizer_config.json, so texts are put into lower case, as transformers does; but vocab.txt ` +
        'is of a cased model. Put {"do_lower_case": false} into that file to keep capitals.',
    );
  }
  const tokens = addedTokens(settings);
  const vocabulary = new Vocabulary(pieces, specialPieces(settings, {}), vocabFile);
  const options: BertTokenizerOptions = {
    flavour,
    lowerCase: config.do_lower_case ?? true,
    splitIdeographs: config.tokenize_chinese_chars ?? true,
    addedTokens: tokens,
    neverSplit: config.never_split ?? [],
    ...(typeof config.strip_accents === 'boolean' ? { stripAccents: config.strip_accents } : {}),
    modelMaxLength: limit(config.model_max_length, configFile),
  };
  return new BertTokenizer(vocabulary, options);
}

function isCased(pieces: readonly string[]): boolean {
  const plain = pieces.filter((piece) => !/^\[.*\]$/.test(piece));
  const capital = plain.filter((piece) => piece !== piece.toLowerCase());
  return capital.length > CASED_SHARE * plain.length;
}

function specialPieces({ config, map }: Settings, others: Partial<SpecialPieces>): SpecialPieces {
  const special = (name: keyof SpecialPieces): string =>
    (map[`${name}_token`] ?? config[`${name}_token`])?.content ?? others[name] ?? STANDARD_SPECIALS[name];
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
function addedTokens({ config, map, older }: Settings, fromJson: readonly AddedToken[] = []): AddedToken[] {
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

function limit(length: number | null | undefined, file: string): number {
  if (length === undefined || length === null || length > LARGEST_LIMIT) return Infinity;
  if (Number.isInteger(length) && length > 0) return length;
  throw new InputError(`${file}: model_max_length is ${length}; it must be a whole number of at least 1.`);
}
