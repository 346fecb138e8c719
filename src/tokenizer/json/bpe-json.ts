import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import { brief } from '../../../ipu-config/base/json-text.js';
import { robertaLayout } from '../base/row-layout.js';
import type { SpecialPieces } from '../base/vocabulary.js';
import { mergeOf, type MergeList } from '../bpe/merges.js';
import type { BpeTokenizerOptions } from '../bpe-tokenizer.js';
import { fitting, pieceIds } from '../tokenizer-files.js';
import { jsonPart, unknownType, type JsonPart } from './parts.js';
import { layoutOf } from './row-layout.js';
import { normalizerOf, splitterOf } from './steps.js';
import type { TokenizerFile } from './tokenizer-json.js';

const flag = v.optional(v.nullable(v.boolean()), false);
const schema = v.object({
  vocab: pieceIds,
  merges: v.array(v.unknown()),
  unk_token: v.optional(v.nullable(v.string())),
  fuse_unk: flag,
  ignore_merges: flag,
  // What else these may be is not byte-level, or cuts a text now so and now so.
  byte_fallback: v.optional(v.nullable(v.literal(false))),
  dropout: v.optional(v.nullable(v.literal(0))),
  continuing_subword_prefix: v.optional(v.nullable(v.literal(''))),
  end_of_word_suffix: v.optional(v.nullable(v.literal(''))),
});

const trims = { trim_offsets: v.boolean(), add_prefix_space: v.boolean() };
const byteLevel = v.object({ ...trims, use_regex: v.optional(v.boolean(), true) });
const token = v.tuple([v.string(), v.number()]);
const roberta = v.object({ ...trims, sep: token, cls: token });

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

type Rows = BpeTokenizerOptions & { readonly specials?: Partial<SpecialPieces> };

/** How a row is made, and whether places are trimmed before. */
function rowsOf(part: JsonPart, where: string, over: BpeArguments): Rows {
  const trimmed = (said: v.InferOutput<typeof byteLevel | typeof roberta>): Rows => ({
    trimOffsets: over.trimOffsets ?? said.trim_offsets,
    trimAfterPrefix: over.addPrefixSpace ?? said.add_prefix_space,
  });
  if (part?.type === 'RobertaProcessing') {
    const said = fitting(roberta, part, where);
    const [[sep, sepId], [cls, clsId]] = [said.sep, said.cls];
    return { ...trimmed(said), layout: robertaLayout(clsId, sepId), specials: { sep, cls } };
  }
  if (part?.type === 'ByteLevel') {
    return { ...trimmed(fitting(byteLevel, part, where)), layout: layoutOf(null, where) };
  }
  if (part?.type === 'Sequence') {
    const { processors } = fitting(v.object({ processors: v.array(jsonPart) }), part, where);
    const [first, ...rest] = processors;
    const rows = rowsOf(first, where, {});
    if (rest.length === 0) return rows;
    if (first?.type === 'ByteLevel')
      return { ...rows, layout: layoutOf({ ...part, processors: rest }, where) };
  }
  return { trimOffsets: false, layout: layoutOf(part, where) };
}
