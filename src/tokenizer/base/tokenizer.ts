import type { RowLayout } from './row-layout.js';
import type { Vocabulary } from './vocabulary.js';

/** Which of Hugging Face's two tokenizers of a kind to agree with, where they differ: docs/tokenizer.md lists it. */
export type TokenizerFlavour = 'slow' | 'fast';

export type Side = 'left' | 'right';

/** The pieces of a text, without special tokens around them. Parallel arrays: one entry for each piece. */
export interface TokenizedText {
  readonly ids: number[];
  /** UTF-16 offsets into the text: piece k covers `[starts[k], ends[k])`. */
  readonly starts: number[];
  readonly ends: number[];
}

/** What rows are made with, whatever the model that cuts words into pieces. */
export interface Tokenizer {
  readonly flavour: TokenizerFlavour;
  readonly vocabulary: Vocabulary;
  /** Rows longer than this are more than the model reads. */
  readonly modelMaxLength: number;
  readonly layout: RowLayout;
  /** Where a text that is too long loses pieces. */
  readonly truncationSide: Side;
  /** Where `encode` fills rows up; pipelines do it on the right. */
  readonly paddingSide: Side;
  readonly unkId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly padId: number;
  readonly maskId: number;
  /** Left out when decoding skips special tokens. */
  readonly specialIds: ReadonlySet<number>;
  tokenize(text: string): TokenizedText;
  /** Ids alone. */
  pieces(text: string): number[];
  /** Text of pieces that stand one after another. */
  textOf(ids: readonly number[]): string;
  /** `before` and then the piece, in the place of a mask. */
  textWith(before: string, id: number): string;
  /**
   * Whether a piece goes on with the word before it, as upstream counts words when it finds entities.
   * @param start where the piece begins in `text`
   */
  continuesWord(id: number, text: string, start: number): boolean;
}
