import type { Tokenizer } from './base/tokenizer.js';

/** Spaces that transformers takes out again (`clean_up_tokenization`), in its order. */
const CLEAN_UP: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

export interface DecodeOptions {
  /** True when absent. */
  readonly skipSpecialTokens?: boolean;
  /** True when absent. */
  readonly cleanUp?: boolean;
}

/** Text of ids, as transformers' `decode` writes it: for reading, it is not the original text. */
export function decode(tokenizer: Tokenizer, ids: readonly number[], options: DecodeOptions = {}): string {
  const { skipSpecialTokens = true, cleanUp = true } = options;
  const kept = skipSpecialTokens ? ids.filter((id) => !tokenizer.specialIds.has(id)) : ids;
  const text = tokenizer.textOf(kept);
  return cleanUp ? CLEAN_UP.reduce((cleaned, [from, to]) => cleaned.replaceAll(from, to), text) : text;
}
