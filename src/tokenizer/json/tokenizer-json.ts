import * as v from 'valibot';
import type { AddedToken } from '../base/added-tokens.js';
import type { SpecialPieces } from '../base/vocabulary.js';
import type { TokenizerOptions } from '../tokenizer-base.js';
import { addedToken, fitting } from '../tokenizer-files.js';
import { jsonPart, unknownType, type JsonPart } from './parts.js';
import { sentencePiece } from '../tokenizer-class.js';

const MODELS = ['WordPiece', 'BPE'] as const;
const SIDES = { Left: 'left', Right: 'right' } as const;

const direction = v.object({ direction: v.optional(v.picklist(['Left', 'Right'])) });

const schema = v.object({
  version: v.optional(v.literal('1.0')),
  added_tokens: v.optional(v.nullable(v.array(addedToken)), []),
  normalizer: jsonPart,
  pre_tokenizer: jsonPart,
  post_processor: jsonPart,
  decoder: jsonPart,
  truncation: v.optional(v.nullable(direction)),
  padding: v.optional(v.nullable(v.object({ ...direction.entries, pad_token: v.optional(v.string()) }))),
  model: v.looseObject({ type: v.optional(v.string()), merges: v.optional(v.unknown()) }),
});

/** A tokenizer.json, whose model and steps are not yet looked into. */
export interface TokenizerFile extends Pick<TokenizerOptions, 'truncationSide' | 'paddingSide'> {
  /** Named in messages. */
  readonly path: string;
  /** In the order of the file; which ids they have is for the vocabulary to say, as upstream. */
  readonly addedTokens: readonly AddedToken[];
  /** Those that the file names. */
  readonly specials: Partial<SpecialPieces>;
  readonly model: { readonly type: (typeof MODELS)[number] };
  readonly normalizer: JsonPart;
  readonly splitter: JsonPart;
  readonly postProcessor: JsonPart;
}

/**
 * Reads a tokenizer.json. Its sections on truncation and padding have no effect, as in transformers, but that they may
 * name sides and the padding token.
 * @param path named in messages
 * @throws InputError that names the part that is of the wrong form, or is not known here
 */
export function readTokenizerFile(path: string, value: unknown): TokenizerFile {
  const file = fitting(schema, value, path);
  // Files of the first versions name no type.
  const said = file.model.type ?? (file.model.merges === undefined ? 'WordPiece' : 'BPE');
  const type = MODELS.find((known) => known === said);
  if (said === 'Unigram') throw sentencePiece(`${path}: model is of the type Unigram`);
  if (!type) throw unknownType(`${path}: model`, said, MODELS);
  const decoder = type === 'BPE' ? 'ByteLevel' : type;
  if (file.decoder && file.decoder.type !== decoder) {
    throw unknownType(`${path}: decoder`, file.decoder.type, [decoder]);
  }
  const { truncation, padding } = file;
  return {
    ...{ path, addedTokens: file.added_tokens ?? [], model: { ...file.model, type } },
    specials: padding?.pad_token === undefined ? {} : { pad: padding.pad_token },
    ...(truncation?.direction ? { truncationSide: SIDES[truncation.direction] } : {}),
    ...(padding?.direction ? { paddingSide: SIDES[padding.direction] } : {}),
    normalizer: file.normalizer,
    splitter: file.pre_tokenizer,
    postProcessor: file.post_processor,
  };
}
