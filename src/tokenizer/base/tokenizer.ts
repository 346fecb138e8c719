import type { RowLayout } from './row-layout.js';
import type { Vocabulary } from './vocabulary.js';

/** Which of Hugging Face's two BERT tokenizers to agree with, where they differ: docs/tokenizer.md lists it. */
export type TokenizerFlavour = 'slow' | 'fast';

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
  readonly unkId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly padId: number;
  readonly maskId: number;
  /** Left out when decoding skips special tokens. */
  readonly specialIds: ReadonlySet<number>;
  /** What pieces begin with that go on with a word: `##`. */
  readonly continuation: string;
  tokenize(text: string): TokenizedText;
}
