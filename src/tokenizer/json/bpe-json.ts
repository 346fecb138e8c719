import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import { brief } from '../../../ipu-config/base/json-text.js';
import { robertaLayout } from '../base/row-layout.js';
import type { SpecialPieces } from '../base/vocabulary.js';
import { BYTE_SYMBOLS } from '../bpe/byte-symbols.js';
import { mergeOf, type MergeList } from '../bpe/merges.js';
import type { BpeTokenizerOptions } from '../bpe-tokenizer.js';
import { fitting, pieceIds } from '../tokenizer-files.js';
import { jsonPart, unknownType, type JsonPart } from './parts.js';
import { layoutOf } from './row-layout.js';
import { normalizerOf, splitterOf } from './steps.js';
import type { TokenizerFile } from './tokenizer-json.js';

const flag = v.optional(v.nullable(v.boolean()), false);
/** Of a model that is not byte-level, or one that cuts a text now so and now so. */
const none = (harmless: unknown): v.GenericSchema =>
  v.optional(
    v.nullable(v.custom((value) => value === harmless, `only ${brief(harmless)} or null is known here`)),
  );

const schema = v.object({
  vocab: pieceIds,
  merges: v.array(v.unknown()),
  unk_token: v.optional(v.nullable(v.string())),
  fuse_unk: flag,
  byte_fallback: flag,
  ignore_merges: flag,
  dropout: none(0),
  continuing_subword_prefix: none(''),
  end_of_word_suffix: none(''),
});

const byteLevel = v.object({
  add_prefix_space: v.boolean(),
  trim_offsets: v.optional(v.boolean(), true),
  use_regex: v.optional(v.boolean(), true),
});

const token = v.tuple([v.string(), v.number()]);
const roberta = v.object({
  ...{ sep: token, cls: token },
  ...{ trim_offsets: v.boolean(), add_prefix_space: v.boolean() },
});

/** What RoBERTa's classes set, whatever tokenizer.json says; undefined leaves it to the file. */
export interface BpeArguments {
  readonly addPrefixSpace?: boolean | undefined;
  readonly trimOffsets?: boolean | undefined;
}

/** A tokenizer.json with a byte-level BPE model. */
export interface BpeFile {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly merges: MergeList;
  /** Those that the model and its rows name. */
  readonly specials: Partial<SpecialPieces>;
  readonly options: BpeTokenizerOptions;
}

/** @throws InputError that names the part that is of the wrong form, or is not known here */
export function bpeOf(file: TokenizerFile, over: BpeArguments): BpeFile {
  const { path } = file;
  const model = fitting(schema, file.model, `${path}: model`);
  const vocabulary = new Map(Object.entries(model.vocab));
  const nameOf = (at: number): string => `${path}: model.merges.${at}`;
  const unknown = model.unk_token ?? undefined;
  if (unknown !== undefined && !vocabulary.has(unknown)) {
    throw new InputError(`${path}: model.unk_token is ${brief(unknown)}, which model.vocab does not have.`);
  }
  if (model.byte_fallback && BYTE_SYMBOLS.some((symbol) => !vocabulary.has(symbol))) {
    throw new InputError(
      `${path}: model.byte_fallback is true, and model.vocab has not all 256 bytes: such a fallback is not known here.`,
    );
  }
  const { specials, ...rows } = rowsOf(file.postProcessor, `${path}: post_processor`, over);
  return {
    vocabulary,
    merges: { pairs: model.merges.map((merge, at) => mergeOf(merge, nameOf(at))), nameOf },
    specials: { ...specials, ...(unknown === undefined ? {} : { unk: unknown }) },
    options: {
      ...(unknown === undefined ? {} : { unknownPiece: unknown }),
      fuseUnknown: model.fuse_unk ?? false,
      wholeWords: model.ignore_merges ?? false,
      ...(file.normalizer ? { normalize: normalizerOf(file.normalizer, `${path}: normalizer`) } : {}),
      ...wordsOf(file.splitter, `${path}: pre_tokenizer`, over),
      ...rows,
    },
  };
}

/** Words are byte-level; other steps may cut the text before. */
function wordsOf(part: JsonPart, where: string, over: BpeArguments): BpeTokenizerOptions {
  if (part?.type === 'Sequence') {
    const { pretokenizers } = fitting(v.object({ pretokenizers: v.array(jsonPart) }), part, where);
    const before = pretokenizers.slice(0, -1);
    return {
      // Upstream's classes look at the outermost step alone.
      ...wordsOf(pretokenizers.at(-1), `${where}.pretokenizers.${before.length}`, {}),
      ...(before.length > 0 ? { split: splitterOf({ ...part, pretokenizers: before }, where) } : {}),
    };
  }
  if (part?.type !== 'ByteLevel') throw unknownType(where, part?.type ?? 'none', ['ByteLevel', 'Sequence']);
  const said = fitting(byteLevel, part, where);
  return { addPrefixSpace: over.addPrefixSpace ?? said.add_prefix_space, splitWords: said.use_regex };
}

type Rows = Pick<BpeTokenizerOptions, 'layout' | 'trimOffsets' | 'trimAfterPrefix'> & {
  readonly specials?: Partial<SpecialPieces>;
};

/** How a row is made, and whether places are trimmed before. */
function rowsOf(part: JsonPart, where: string, over: BpeArguments): Rows {
  const trims = (said: { trim_offsets: boolean; add_prefix_space: boolean }): Rows => ({
    trimOffsets: over.trimOffsets ?? said.trim_offsets,
    trimAfterPrefix: over.addPrefixSpace ?? said.add_prefix_space,
  });
  if (part?.type === 'RobertaProcessing') {
    const said = fitting(roberta, part, where);
    const [[sep, sepId], [cls, clsId]] = [said.sep, said.cls];
    return { ...trims(said), layout: robertaLayout(clsId, sepId), specials: { sep, cls } };
  }
  if (part?.type === 'ByteLevel')
    return { ...trims(fitting(byteLevel, part, where)), layout: layoutOf(null, where) };
  if (part?.type === 'Sequence') {
    const { processors } = fitting(v.object({ processors: v.array(jsonPart) }), part, where);
    const [first, ...rest] = processors;
    if (first?.type === 'ByteLevel' && rest.length > 0) {
      return { ...rowsOf(first, where, {}), layout: layoutOf({ ...part, processors: rest }, where) };
    }
  }
  return { trimOffsets: false, layout: layoutOf(part, where) };
}
