import { InputError } from '../../../ipu-config/base/errors.js';

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

/** As RoBERTa's vocabularies spell them. */
export const ROBERTA_SPECIALS: SpecialPieces = {
  unk: '<unk>',
  cls: '<s>',
  sep: '</s>',
  pad: '<pad>',
  mask: '<mask>',
};

/** A vocabulary may leave out ids, but not by far: a table of pieces is as long as its largest id. */
const MOST_SPARSE = 4;

/** Pieces and their ids. */
export class Vocabulary {
  /** By id; empty where no piece has it. */
  readonly pieces: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  readonly specials: SpecialPieces;
  /** Named in messages, a path for example. */
  readonly where: string;

  /**
   * @param pieces in the order of their ids, as vocab.txt has them, or with their ids
   * @throws InputError when there is no piece, or an id is far beyond all others
   */
  constructor(
    pieces: readonly string[] | ReadonlyMap<string, number>,
    specials: SpecialPieces = STANDARD_SPECIALS,
    where = 'the vocabulary',
  ) {
    // As upstream: of two equal lines the later one counts.
    this.ids = pieces instanceof Map ? pieces : new Map((pieces as string[]).map((piece, id) => [piece, id]));
    if (this.ids.size === 0) throw new InputError(`${where} has no pieces.`);
    this.pieces = pieces instanceof Map ? piecesById(pieces, where) : (pieces as string[]);
    this.specials = specials;
    this.where = where;
  }

  id(piece: string): number {
    return this.ids.get(piece)!;
  }

  /** With further pieces. */
  extended(ids: ReadonlyMap<string, number>): Vocabulary {
    return new Vocabulary(ids, this.specials, this.where);
  }
}

function piecesById(ids: ReadonlyMap<string, number>, where: string): string[] {
  const largest = [...ids.values()].reduce((most, id) => Math.max(most, id), 0);
  if (largest >= MOST_SPARSE * ids.size + 1024) {
    throw new InputError(`${where} has ${ids.size} pieces, but one of them has the id ${largest}.`);
  }
  const pieces = new Array<string>(largest + 1).fill('');
  for (const [piece, id] of ids) pieces[id] = piece;
  return pieces;
}

/** One piece a line; line ends as Python's text mode reads them. */
export function parseVocabulary(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
