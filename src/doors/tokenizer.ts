/** `ipu-pipeline/tokenizer`: text to pieces and back. */
export type { AddedToken } from '../tokenizer/base/added-tokens.js';
export type { RowLayout, RowPart } from '../tokenizer/base/row-layout.js';
export type { Side, TokenizedText, Tokenizer, TokenizerFlavour } from '../tokenizer/base/tokenizer.js';
export {
  type SpecialPieces,
  ROBERTA_SPECIALS,
  Vocabulary,
  parseVocabulary,
} from '../tokenizer/base/vocabulary.js';
export { BertTokenizer, type BertTokenizerOptions } from '../tokenizer/bert-tokenizer.js';
export { type Merge, type MergeList, parseMerges } from '../tokenizer/bpe/merges.js';
export { BpeTokenizer, type BpeTokenizerOptions } from '../tokenizer/bpe-tokenizer.js';
export { type DecodeOptions, decode } from '../tokenizer/decode.js';
export {
  type EncodeOptions,
  type Encoding,
  codePointOffsets,
  encode,
  encodeBatch,
} from '../tokenizer/encode.js';
export { type LoadTokenizerOptions, loadTokenizer } from '../tokenizer/load/load-tokenizer.js';
export type { Normalizer } from '../tokenizer/steps/normalizers.js';
export type { OriginChar } from '../tokenizer/steps/origin-chars.js';
export type { Splitter } from '../tokenizer/steps/splitters.js';
export { TRUNCATIONS, type Truncation } from '../tokenizer/truncation.js';
export { type WindowOptions, encodeWindows } from '../tokenizer/windows.js';
