import * as v from 'valibot';
import type { BertTokenizerOptions } from '../bert-tokenizer.js';
import { fitting, pieceIds } from '../tokenizer-files.js';
import { bertNormalizerSchema } from './bert-normalizer.js';
import { layoutOf } from './row-layout.js';
import { normalizerOf, splitterOf } from './steps.js';
import type { TokenizerFile } from './tokenizer-json.js';

const schema = v.object({
  vocab: pieceIds,
  unk_token: v.string(),
  continuing_subword_prefix: v.optional(v.string(), '##'),
  max_input_chars_per_word: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 100),
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
  readonly options: BertTokenizerOptions;
}

/** @throws InputError that names the part that is of the wrong form, or is not known here */
export function wordPieceOf(file: TokenizerFile, over: ClassArguments): WordPieceFile {
  const model = fitting(schema, file.model, `${file.path}: model`);
  return {
    vocabulary: new Map(Object.entries(model.vocab)),
    unknownPiece: model.unk_token,
    options: {
      unknownPiece: model.unk_token,
      continuation: model.continuing_subword_prefix,
      maxWordChars: model.max_input_chars_per_word,
      layout: layoutOf(file.postProcessor, `${file.path}: post_processor`),
      ...wordOptions(file, over),
    },
  };
}

/** BERT's own steps are options, which are faster; all others are steps by name. */
function wordOptions(
  { normalizer, splitter, path }: TokenizerFile,
  over: ClassArguments,
): BertTokenizerOptions {
  const split =
    splitter?.type === 'BertPreTokenizer' ? {} : { split: splitterOf(splitter, `${path}: pre_tokenizer`) };
  if (normalizer?.type !== 'BertNormalizer')
    return { ...split, normalize: normalizerOf(normalizer, `${path}: normalizer`) };
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
