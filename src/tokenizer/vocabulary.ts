import { InputError } from '../../ipu-config/base/errors.js';

/** The special pieces, as a vocabulary spells them. */
export interface SpecialPieces {
  readonly unk: string;
  readonly cls: string;
  readonly sep: string;
  readonly pad: string;
  readonly mask: string;
}

export const STANDARD_SPECIALS: SpecialPieces = {
  unk: '[UNK]',
  cls: '[CLS]',
  sep: '[SEP]',
  pad: '[PAD]',
  mask: '[MASK]',
};

/** Pieces and their ids; the id of a piece is its line in vocab.txt. */
export class Vocabulary {
  readonly pieces: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  readonly specials: SpecialPieces;

  /**
   * @param where named in messages, a path for example
   * @throws InputError when there is no piece, or a special one is missing
   */
  constructor(
    pieces: readonly string[],
    specials: SpecialPieces = STANDARD_SPECIALS,
    where = 'the vocabulary',
  ) {
    if (pieces.length === 0) throw new InputError(`${where} has no pieces.`);
    // As upstream: of two equal lines the later one counts.
    this.ids = new Map(pieces.map((piece, id) => [piece, id]));
    const missing = Object.values(specials).filter((piece: string) => !this.ids.has(piece));
    if (missing.length > 0) {
      throw new InputError(
        `${where} has no ${missing.join(', ')}: it is no BERT vocabulary, or the tokenizer's files name other special pieces.`,
      );
    }
    this.pieces = pieces;
    this.specials = specials;
  }

  id(piece: string): number {
    return this.ids.get(piece)!;
  }
}

/** One piece a line; line ends as Python's text mode reads them. */
export function parseVocabulary(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
