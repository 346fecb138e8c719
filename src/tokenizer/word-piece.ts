/** Words longer than this, in code points, are unknown as a whole (transformers' `max_input_chars_per_word`). */
const MAX_WORD_CHARS = 100;
const CONTINUATION = '##';

/** One piece of a word: its id, and where it ends in the word, in UTF-16 units. */
export interface WordPart {
  readonly id: number;
  readonly end: number;
}

/** Greedy longest-match-first: the longest piece that the word begins with, then the longest `##` piece, … */
export class WordPiece {
  readonly #initial = new Map<string, number>();
  readonly #continuing = new Map<string, number>();
  readonly #unknownId: number;
  #longest = 0;

  constructor(ids: ReadonlyMap<string, number>, unknownId: number) {
    this.#unknownId = unknownId;
    for (const [piece, id] of ids) {
      this.#initial.set(piece, id);
      if (piece.startsWith(CONTINUATION)) this.#continuing.set(piece.slice(CONTINUATION.length), id);
      this.#longest = Math.max(this.#longest, piece.length);
    }
  }

  /** A word that cannot be composed of pieces is one unknown piece. */
  parts(word: string): readonly WordPart[] {
    if (word.length > MAX_WORD_CHARS && [...word].length > MAX_WORD_CHARS) return this.#unknown(word);
    const parts: WordPart[] = [];
    for (let start = 0; start < word.length;) {
      const pieces = start === 0 ? this.#initial : this.#continuing;
      let end = Math.min(word.length, start + this.#longest);
      let id = pieces.get(word.slice(start, end));
      while (id === undefined && end > start + 1) id = pieces.get(word.slice(start, --end));
      if (id === undefined) return this.#unknown(word);
      parts.push({ id, end });
      start = end;
    }
    return parts;
  }

  #unknown(word: string): readonly WordPart[] {
    return [{ id: this.#unknownId, end: word.length }];
  }
}
