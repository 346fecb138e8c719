import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as v from 'valibot';
import { InputError } from '../../ipu-config/base/errors.js';
import { withAddedTokens, type AddedToken } from './added-tokens.js';
import type { TokenizerFlavour } from './wordpiece/basic-options.js';
import { BertTokenizer } from './bert-tokenizer.js';
import {
  addedTokensSchema,
  configSchema,
  readJson,
  readVocabulary,
  specialsSchema,
} from './tokenizer-files.js';
import { STANDARD_SPECIALS, Vocabulary, type SpecialPieces } from './vocabulary.js';

/** Of transformers' classes, those that are BERT's tokenizer under another name. */
const BERT_CLASSES: ReadonlySet<string> = new Set([
  ...['Bert', 'ConvBert', 'DistilBert', 'Electra', 'LayoutLM', 'Lxmert', 'MobileBert', 'Realm'],
  ...['RetriBert', 'SqueezeBert', 'DPRContextEncoder', 'DPRQuestionEncoder', 'DPRReader', 'PreTrained'],
  'TokenizersBackend',
]);
/** transformers writes 10³⁰ for "no limit", and takes anything above this for it. */
const LARGEST_LIMIT = 1e20;

type Config = v.InferOutput<typeof configSchema>;
type Specials = v.InferOutput<typeof specialsSchema>;

/**
 * Reads the tokenizer of a Hugging Face directory: `vocab.txt`, and where they are there `tokenizer_config.json`,
 * `special_tokens_map.json` and `added_tokens.json`.
 * @throws InputError that names the file and what is wrong with it
 */
export async function loadTokenizer(
  directory: string,
  options: { readonly flavour?: TokenizerFlavour } = {},
): Promise<BertTokenizer> {
  const vocabFile = join(directory, 'vocab.txt');
  const configFile = join(directory, 'tokenizer_config.json');
  if (!existsSync(vocabFile) && existsSync(join(directory, 'tokenizer.json'))) {
    throw new InputError(
      `${directory} has a tokenizer.json but no vocab.txt, which is what is read here. transformers writes one with ` +
        `BertTokenizer.from_pretrained(…).save_vocabulary(directory).`,
    );
  }
  const config = await readJson(configFile, configSchema);
  checkClass(config, configFile, options.flavour ?? 'fast');
  const map = await readJson(join(directory, 'special_tokens_map.json'), specialsSchema);
  const older = await readJson(join(directory, 'added_tokens.json'), addedTokensSchema);
  const added = addedTokens(config, map, older);
  const pieces = withAddedTokens(await readVocabulary(vocabFile), added, directory);
  return new BertTokenizer(new Vocabulary(pieces, specialPieces(config, map), vocabFile), {
    ...options,
    lowerCase: config.do_lower_case,
    splitIdeographs: config.tokenize_chinese_chars,
    addedTokens: added.filter(({ special }) => !special).map(({ content }) => content),
    specialTokens: added.filter(({ special }) => special).map(({ content }) => content),
    neverSplit: config.never_split ?? [],
    ...(typeof config.strip_accents === 'boolean' ? { stripAccents: config.strip_accents } : {}),
    modelMaxLength: limit(config.model_max_length, configFile),
  });
}

function checkClass(config: Config, file: string, flavour: TokenizerFlavour): void {
  const { tokenizer_class: name } = config;
  if (name && !BERT_CLASSES.has(name.replace(/Tokenizer(Fast)?$/, ''))) {
    throw new InputError(
      `${file}: tokenizer_class is ${name}; only BERT's tokenizer (BertTokenizer and its other names) is read here.`,
    );
  }
  if (!config.do_basic_tokenize && flavour === 'slow') {
    throw new InputError(
      `${file}: do_basic_tokenize is false, which the slow flavour does not have. The fast one, like upstream's, ` +
        'takes no notice of it.',
    );
  }
}

function specialPieces(config: Config, map: Specials): SpecialPieces {
  const special = (name: keyof SpecialPieces): string =>
    map[`${name}_token`] ?? config[`${name}_token`] ?? STANDARD_SPECIALS[name];
  return {
    unk: special('unk'),
    cls: special('cls'),
    sep: special('sep'),
    pad: special('pad'),
    mask: special('mask'),
  };
}

function addedTokens(config: Config, map: Specials, older: Readonly<Record<string, number>>): AddedToken[] {
  const named = [...(map.additional_special_tokens ?? []), ...(config.additional_special_tokens ?? [])];
  return [
    ...named.map((content) => ({ content, special: true })),
    ...Object.entries(config.added_tokens_decoder).map(([id, { content, special }]) => ({
      ...{ content, special: special || named.includes(content), id: Number(id) },
    })),
    ...Object.entries(older).map(([content, id]) => ({ content, id, special: named.includes(content) })),
  ];
}

function limit(length: number | null | undefined, file: string): number {
  if (length === undefined || length === null || length > LARGEST_LIMIT) return Infinity;
  if (Number.isInteger(length) && length > 0) return length;
  throw new InputError(`${file}: model_max_length is ${length}; it must be a whole number of at least 1.`);
}
