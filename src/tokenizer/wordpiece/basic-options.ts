/** Which of Hugging Face's two BERT tokenizers to agree with, where they differ: docs/tokenizer.md lists it. */
export type TokenizerFlavour = 'slow' | 'fast';

export interface BasicOptions {
  readonly flavour: TokenizerFlavour;
  readonly lowerCase: boolean;
  readonly stripAccents: boolean;
  /** Each CJK ideograph is a word. */
  readonly splitIdeographs: boolean;
  /** Tokens that the slow flavour leaves whole when cleaning the text brings them to light. */
  readonly neverSplit: ReadonlySet<string>;
}
