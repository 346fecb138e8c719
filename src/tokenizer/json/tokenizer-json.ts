import * as v from 'valibot';
import type { AddedToken } from '../base/added-tokens.js';
import type { BertTokenizerOptions } from '../bert-tokenizer.js';
import { addedToken, fitting } from '../tokenizer-files.js';
import { bertNormalizerSchema } from './bert-normalizer.js';
import { jsonPart, unknownType } from './parts.js';
import { layoutOf } from './row-layout.js';
import { normalizerOf, splitterOf } from './steps.js';

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

const schema = v.object({
  version: v.optional(v.literal('1.0')),
  added_tokens: v.optional(v.nullable(v.array(addedToken)), []),
  normalizer: jsonPart,
  pre_tokenizer: jsonPart,
  post_processor: jsonPart,
  decoder: jsonPart,
  padding: v.optional(v.nullable(v.object({ pad_token: v.optional(v.string()) }))),
  // Files of the first versions name no type.
  model: v.looseObject({ type: v.optional(v.string(), 'WordPiece') }),
});

const wordPiece = v.object({
  vocab: v.record(v.string(), whole),
  unk_token: v.string(),
  continuing_subword_prefix: v.optional(v.string(), '##'),
  max_input_chars_per_word: v.optional(whole, 100),
});

/** What the classes of BERT's tokenizers set, whatever tokenizer.json says; undefined leaves it to the file. */
export interface ClassArguments {
  readonly lowerCase?: boolean | undefined;
  /** Null: as `lowerCase`. */
  readonly stripAccents?: boolean | null | undefined;
  readonly splitIdeographs?: boolean | undefined;
}

/** A tokenizer.json with a WordPiece model. */
export interface WordPieceFile {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly unknownPiece: string;
  readonly padPiece: string | undefined;
  /** In the order of the file; which ids they have is for the vocabulary to say, as upstream. */
  readonly addedTokens: readonly AddedToken[];
  readonly options: BertTokenizerOptions;
}

/**
 * Reads a tokenizer.json. Its sections on truncation and padding have no effect, as in transformers, but that
 * padding may name the padding token.
 * @param path named in messages
 * @throws InputError that names the part that is of the wrong form, or is not known here
 */
export function readWordPieceFile(path: string, value: unknown, over: ClassArguments): WordPieceFile {
  const file = fitting(schema, value, path);
  for (const [name, part] of Object.entries({ model: file.model, decoder: file.decoder })) {
    if (part && part.type !== 'WordPiece') throw unknownType(`${path}: ${name}`, part.type, ['WordPiece']);
  }
  const model = fitting(wordPiece, file.model, `${path}: model`);
  return {
    vocabulary: new Map(Object.entries(model.vocab)),
    unknownPiece: model.unk_token,
    padPiece: file.padding?.pad_token,
    addedTokens: file.added_tokens ?? [],
    options: {
      unknownPiece: model.unk_token,
      continuation: model.continuing_subword_prefix,
      maxWordChars: model.max_input_chars_per_word,
      layout: layoutOf(file.post_processor, path),
      ...wordOptions(file, path, over),
    },
  };
}

/** BERT's own steps are options, which are faster; all others are steps by name. */
function wordOptions(
  { normalizer, pre_tokenizer: splitter }: v.InferOutput<typeof schema>,
  path: string,
  over: ClassArguments,
): BertTokenizerOptions {
  const split = splitter?.type === 'BertPreTokenizer' ? {} : { split: splitterOf(splitter, path) };
  if (normalizer?.type !== 'BertNormalizer') return { ...split, normalize: normalizerOf(normalizer, path) };
  const said = fitting(bertNormalizerSchema, normalizer, `${path}: normalizer`);
  const lowerCase = over.lowerCase ?? said.lowerCase;
  return {
    ...split,
    cleanText: said.cleanText,
    lowerCase,
    stripAccents: over.stripAccents === undefined ? said.stripAccents : (over.stripAccents ?? lowerCase),
    splitIdeographs: over.splitIdeographs ?? said.splitIdeographs,
  };
}
