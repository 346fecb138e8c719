import FlatQueue from 'flatqueue';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { TokenizedText } from '../base/tokenizer.js';
import { BYTE_SYMBOLS } from './byte-symbols.js';
import type { MergeTable } from './merges.js';

export interface BytePairOptions {
  /** Stands for bytes that are not among the pieces; without it they are refused. */
  readonly unknownId?: number | undefined;
  /** Several unknown bytes in a row are one piece. */
  readonly fuseUnknown?: boolean;
  /** A word that is a piece stays whole, whatever the merges. */
  readonly wholeWords?: boolean;
}

/** Words that are remembered, and their longest: what is longer does not come again. */
const MOST_KNOWN = 2 ** 16;
const LONGEST_KNOWN = 32;
/** A merge at a place is one number, so that merges come in the order of their ranks and then from the left. */
const PLACES = 2 ** 31;

const utf8 = new TextEncoder();

/** Byte-pair encoding of words: their UTF-8 bytes, and then merge after merge. */
export class BytePairs {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #byteIds: readonly (number | undefined)[];
  readonly #merges: MergeTable;
  readonly #options: BytePairOptions;
  readonly #known = new Map<string, TokenizedText>();

  constructor(ids: ReadonlyMap<string, number>, merges: MergeTable, options: BytePairOptions) {
    this.#ids = ids;
    this.#byteIds = BYTE_SYMBOLS.map((symbol) => ids.get(symbol) ?? options.unknownId);
    this.#merges = merges;
    this.#options = options;
  }

  /**
   * The pieces of a word, with UTF-16 offsets into it.
   * @throws InputError for a byte that the vocabulary does not have
   */
  pieces(word: string): Readonly<TokenizedText> {
    if (word.length > LONGEST_KNOWN) return this.#cut(word);
    const known = this.#known.get(word);
    if (known) return known;
    const pieces = this.#cut(word);
    if (this.#known.size === MOST_KNOWN) this.#known.clear();
    // A part of a text would keep the whole text in memory: this is a copy.
    this.#known.set(word.split('').join(''), pieces);
    return pieces;
  }

  #cut(word: string): TokenizedText {
    const bytes = utf8.encode(word);
    if (this.#options.wholeWords) {
      const id = this.#ids.get(Array.from(bytes, (byte) => BYTE_SYMBOLS[byte]!).join(''));
      if (id !== undefined) return { ids: [id], starts: [0], ends: [word.length] };
    }
    return this.#merged(this.#single(word, bytes));
  }

  /** A piece for each byte, in the place of its character. */
  #single(word: string, bytes: Uint8Array): TokenizedText {
    const { fuseUnknown, unknownId } = this.#options;
    const out: TokenizedText = { ids: [], starts: [], ends: [] };
    let byte = 0;
    for (let start = 0; start < word.length;) {
      const code = word.codePointAt(start)!;
      const end = start + (code > 0xffff ? 2 : 1);
      // A lone surrogate is encoded as U+FFFD, of three bytes too.
      const last = byte + (code < 0x80 ? 1 : code < 0x800 ? 2 : code > 0xffff ? 4 : 3);
      for (; byte < last; byte++) {
        const id = this.#byteIds[bytes[byte]!];
        if (id === undefined) throw noByte(bytes[byte]!);
        if (fuseUnknown && id === unknownId && out.ids.at(-1) === id) {
          out.ends[out.ends.length - 1] = end;
          continue;
        }
        out.ids.push(id);
        out.starts.push(start);
        out.ends.push(end);
      }
      start = end;
    }
    return out;
  }

  /** A chain of pieces, of which neighbours become one until no merge is left. */
  #merged({ ids, starts, ends }: TokenizedText): TokenizedText {
    const { length } = ids;
    const next = ids.map((_, at) => at + 1);
    const previous = ids.map((_, at) => at - 1);
    /** Of the pair that begins at each place; −1 for none. */
    const ranks = ids.map(() => -1);
    const queue = new FlatQueue<number>();
    const look = (at: number): void => {
      const right = next[at]!;
      const rank = right < length ? this.#merges.rank(ids[at]!, ids[right]!) : undefined;
      ranks[at] = rank ?? -1;
      if (rank !== undefined) queue.push(at, rank * PLACES + at);
    };
    for (let at = 0; at < length; at++) look(at);
    while (queue.length > 0) {
      const rank = Math.floor(queue.peekValue()! / PLACES);
      const at = queue.pop()!;
      // What was merged since makes other pairs.
      if (ranks[at] !== rank) continue;
      const right = next[at]!;
      ids[at] = this.#merges.results[rank]!;
      ends[at] = ends[right]!;
      ranks[right] = -1;
      next[at] = next[right]!;
      if (next[at] < length) previous[next[at]] = at;
      look(at);
      if (previous[at]! >= 0) look(previous[at]!);
    }
    const out: TokenizedText = { ids: [], starts: [], ends: [] };
    for (let at = 0; at < length; at = next[at]!) {
      out.ids.push(ids[at]!);
      out.starts.push(starts[at]!);
      out.ends.push(ends[at]!);
    }
    return out;
  }
}

function noByte(byte: number): InputError {
  return new InputError(
    `the text has the byte 0x${byte.toString(16)}, for which the vocabulary has no piece (${BYTE_SYMBOLS[byte]}): ` +
      'take its character out of the text, or use a model whose vocabulary has all 256 bytes.',
  );
}
