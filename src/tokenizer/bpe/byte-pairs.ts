import { InputError } from '../../../ipu-config/base/errors.js';
import type { TokenizedText } from '../base/tokenizer.js';
import { BYTE_SYMBOLS } from './byte-symbols.js';
import type { MergeTable } from './merges.js';
import { NumberHeap } from './number-heap.js';
import { WordCache } from './word-cache.js';

export interface BytePairOptions {
  /** Stands for bytes that the vocabulary does not have; without it they are refused. */
  readonly unknownId?: number | undefined;
  /** Several unknown bytes in a row are one piece. */
  readonly fuseUnknown?: boolean;
  /** A word that is a piece stays whole, whatever the merges. */
  readonly wholeWords?: boolean;
}

/** The pieces that a word comes apart into while it is merged: a chain through its bytes. */
interface Chain {
  readonly ids: Int32Array;
  /** UTF-16 offsets into the word. A byte has those of its character. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  length: number;
}

/** A merge at a place as one number, by which merges come in the order of their ranks and then from the left. */
const PLACES = 2 ** 31;

/** Byte-pair encoding of words: their UTF-8 bytes, and then merge after merge. */
export class BytePairs {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #byteIds: Int32Array;
  readonly #merges: MergeTable;
  readonly #options: BytePairOptions;
  readonly #known = new WordCache<TokenizedText>();

  constructor(ids: ReadonlyMap<string, number>, merges: MergeTable, options: BytePairOptions) {
    this.#ids = ids;
    this.#byteIds = Int32Array.from(BYTE_SYMBOLS, (symbol) => ids.get(symbol) ?? options.unknownId ?? -1);
    this.#merges = merges;
    this.#options = options;
  }

  /**
   * The pieces of a word, with UTF-16 offsets into it.
   * @throws InputError for a byte that the vocabulary does not have
   */
  pieces(word: string): Readonly<TokenizedText> {
    const known = this.#known.get(word);
    if (known) return known;
    const pieces = this.#whole(word) ?? this.#merged(this.#chain(word));
    this.#known.set(word, pieces);
    return pieces;
  }

  #whole(word: string): TokenizedText | undefined {
    if (!this.#options.wholeWords) return undefined;
    const bytes = new TextEncoder().encode(word);
    const id = this.#ids.get(Array.from(bytes, (byte) => BYTE_SYMBOLS[byte]!).join(''));
    return id === undefined ? undefined : { ids: [id], starts: [0], ends: [word.length] };
  }

  #chain(word: string): Chain {
    const most = 3 * word.length;
    const of = (): Int32Array => new Int32Array(most);
    const chain: Chain = { ids: of(), starts: of(), ends: of(), length: 0 };
    for (let at = 0; at < word.length;) {
      const code = word.codePointAt(at)!;
      const end = at + (code > 0xffff ? 2 : 1);
      this.#pushChar(chain, code, at, end);
      at = end;
    }
    return chain;
  }

  #pushChar(chain: Chain, code: number, start: number, end: number): void {
    if (code < 0x80) {
      this.#pushByte(chain, code, start, end);
      return;
    }
    // A lone surrogate is U+FFFD.
    const point = code >= 0xd800 && code < 0xe000 ? 0xfffd : code;
    const more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    const lead = [0, 0xc0, 0xe0, 0xf0][more]!;
    this.#pushByte(chain, lead | (point >> (6 * more)), start, end);
    for (let left = more - 1; left >= 0; left--) {
      this.#pushByte(chain, 0x80 | ((point >> (6 * left)) & 0x3f), start, end);
    }
  }

  #pushByte(chain: Chain, byte: number, start: number, end: number): void {
    const id = this.#byteIds[byte]!;
    if (id < 0) {
      throw new InputError(
        `the text has the byte 0x${byte.toString(16)}, for which the vocabulary has no piece (${BYTE_SYMBOLS[byte]}): ` +
          'take the character out of the text, or use a model whose vocabulary has all 256 bytes.',
      );
    }
    const at = chain.length - 1;
    const isFused = this.#options.fuseUnknown && id === this.#options.unknownId && chain.ids[at] === id;
    if (isFused) {
      chain.ends[at] = end;
      return;
    }
    chain.ids[chain.length] = id;
    chain.starts[chain.length] = start;
    chain.ends[chain.length] = end;
    chain.length++;
  }

  #merged({ ids, starts, ends, length }: Chain): TokenizedText {
    const next = Int32Array.from({ length }, (_, at) => at + 1);
    const previous = Int32Array.from({ length }, (_, at) => at - 1);
    /** Of the pair that begins at each place; −1 for none. */
    const ranks = new Int32Array(length).fill(-1);
    const queue = new NumberHeap();
    const look = (at: number): void => {
      const right = next[at]!;
      const rank = right < length ? this.#merges.rank(ids[at]!, ids[right]!) : undefined;
      ranks[at] = rank ?? -1;
      if (rank !== undefined) queue.add(rank * PLACES + at);
    };
    for (let at = 0; at < length; at++) look(at);
    while (queue.size > 0) {
      const key = queue.take();
      const at = key % PLACES;
      const rank = (key - at) / PLACES;
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
