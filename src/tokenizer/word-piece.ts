import { CONTINUING, INITIAL, NO_NODE, PieceTrie } from './piece-trie.js';
import type { WordBuffer } from './word-buffer.js';

/** Words longer than this, in code points, are unknown as a whole (transformers' `max_input_chars_per_word`). */
const MAX_WORD_CHARS = 100;
const CONTINUATION = '##';

/** The pieces of a text, without special tokens around them. Parallel arrays: one entry for each piece. */
export interface TokenizedText {
  readonly ids: number[];
  /** UTF-16 offsets into the text: piece k covers `[starts[k], ends[k])`. */
  readonly starts: number[];
  readonly ends: number[];
}

/** Greedy longest-match-first: the longest piece that the word begins with, then the longest `##` piece, … */
export class WordPiece {
  readonly #trie = new PieceTrie();
  readonly #unknownId: number;

  constructor(ids: ReadonlyMap<string, number>, unknownId: number) {
    this.#unknownId = unknownId;
    for (const [piece, id] of ids) {
      this.#trie.add(INITIAL, piece, id);
      if (piece.startsWith(CONTINUATION)) this.#trie.add(CONTINUING, piece.slice(CONTINUATION.length), id);
    }
  }

  /** Appends the pieces of a word; one that cannot be composed of pieces is one unknown piece. */
  cut(word: WordBuffer, out: TokenizedText): void {
    const { length } = word;
    if (length === 0) return;
    const before = out.ids.length;
    if (length <= MAX_WORD_CHARS || word.codePoints() <= MAX_WORD_CHARS) {
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
    const { units, length } = word;
    const trie = this.#trie;
    let id = -1;
    let end = from;
    let node = from === 0 ? INITIAL : CONTINUING;
    for (let at = from; at < length;) {
      node = trie.child(node, units[at]!);
      if (node === NO_NODE) break;
      at++;
      const piece = trie.piece(node);
      if (piece >= 0) {
        id = piece;
        end = at;
      }
    }
    if (id >= 0) ids.push(id);
    return end;
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
