import type { TokenizerFlavour } from '../base/tokenizer.js';

/** What BERT's basic tokenizer makes of a text. */
export interface BasicOptions {
  readonly flavour: TokenizerFlavour;
  /** Control characters are dropped, white space becomes spaces; the slow flavour always does it. */
  readonly cleanText: boolean;
  readonly lowerCase: boolean;
  readonly stripAccents: boolean;
  /** Each CJK ideograph is a word. */
  readonly splitIdeographs: boolean;
  /** Tokens that the slow flavour leaves whole when cleaning the text brings them to light. */
  readonly neverSplit: ReadonlySet<string>;
}
