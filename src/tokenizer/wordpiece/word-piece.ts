import type { TokenizedText } from '../base/tokenizer.js';
import { PieceTable } from './piece-table.js';
import { basePowers, partHash } from './rolling-hash.js';
import type { WordBuffer } from './word-buffer.js';

export interface WordPieceOptions {
  readonly unknownId: number;
  /** What pieces begin with that go on with a word. */
  readonly continuation: string;
  /** Longer words, in code points, are unknown as a whole. */
  readonly maxWordChars: number;
}

/** Greedy longest-match-first: the longest piece that the word begins with, then the longest `##` piece, … */
export class WordPiece {
  readonly #initial: PieceTable;
  readonly #continuing: PieceTable;
  readonly #powers: Int32Array;
  readonly #unknownId: number;
  readonly #maxWordChars: number;

  constructor(ids: ReadonlyMap<string, number>, { unknownId, continuation, maxWordChars }: WordPieceOptions) {
    this.#unknownId = unknownId;
    this.#maxWordChars = maxWordChars;
    const pieces = [...ids];
    this.#initial = new PieceTable(pieces);
    this.#continuing = new PieceTable(
      pieces
        .filter(([piece]) => piece.startsWith(continuation))
        .map(([piece, id]) => [piece.slice(continuation.length), id]),
    );
    this.#powers = basePowers(this.#initial.longest);
  }

  /** Appends the pieces of a word; one that cannot be composed of pieces is one unknown piece. */
  cut(word: WordBuffer, out: TokenizedText): void {
    const { length } = word;
    if (length === 0) return;
    const before = out.ids.length;
    if (length <= this.#maxWordChars || word.codePoints() <= this.#maxWordChars) {
      let from = 0;
      while (from < length) {
        const end = this.#longest(word, from, out.ids);
        if (end === from) break;
        pushPlace(word, from, end, out);
        from = end;
      }
      if (from === length) return;
      out.ids.length = out.starts.length = out.ends.length = before;
    }
    out.ids.push(this.#unknownId);
    pushPlace(word, 0, length, out);
  }

  /** Appends the longest piece at `from` and says where it ends; `from` itself when there is none. */
  #longest(word: WordBuffer, from: number, ids: number[]): number {
    const { units, hashes, length } = word;
    const table = from === 0 ? this.#initial : this.#continuing;
    const prefix = hashes[from]!;
    for (let end = Math.min(length, from + table.longest); end > from; end--) {
      const hash = partHash(prefix, hashes[end]!, this.#powers[end - from]!);
      const id = table.find(hash, units, from, end);
      if (id >= 0) {
        ids.push(id);
        return end;
      }
    }
    return from;
  }
}

/** A piece covers all that its units come from; composition may have put them out of order. */
export function pushPlace(word: WordBuffer, from: number, to: number, out: TokenizedText): void {
  let start = word.starts[from]!;
  let end = word.ends[from]!;
  for (let at = from + 1; at < to; at++) {
    start = Math.min(start, word.starts[at]!);
    end = Math.max(end, word.ends[at]!);
  }
  out.starts.push(start);
  out.ends.push(end);
}
