import { robertaLayout } from './base/row-layout.js';
import type { TokenizedText } from './base/tokenizer.js';
import { isWhiteSpace } from './base/unicode.js';
import type { Vocabulary } from './base/vocabulary.js';
import { BytePairs, type BytePairOptions } from './bpe/byte-pairs.js';
import { bytesOf, SPACE_SYMBOL } from './bpe/byte-symbols.js';
import { MergeTable, type MergeList } from './bpe/merges.js';
import { wordEnd } from './bpe/split-words.js';
import { textOf, type OriginChar } from './steps/origin-chars.js';
import { TokenizerBase, type TokenizerOptions } from './tokenizer-base.js';

const SPACED = 1;
const TAKING = 2;

/** White space by Python's count, or nothing at all. */
const BEGINS_WITH_SPACE = /^(?:[\p{White_Space}\x1c-\x1f]|$)/u;

export interface BpeTokenizerOptions extends TokenizerOptions, Omit<BytePairOptions, 'unknownId'> {
  /** A text that does not begin with a space gets one in front; false when absent. */
  readonly addPrefixSpace?: boolean;
  /** Words are cut out by GPT-2's pattern; true when absent. */
  readonly splitWords?: boolean;
  /** Spaces at the ends of a piece do not belong to its place; true when absent. */
  readonly trimOffsets?: boolean;
  /** The first piece of a text has a space that is not in it, which is not trimmed; as `addPrefixSpace` when absent. */
  readonly trimAfterPrefix?: boolean;
  /** Stands for bytes that the vocabulary does not have; without it such a text is refused (fast flavour). */
  readonly unknownPiece?: string;
}

/** Where a place in a part of a text is in the text; UTF-16 offsets both. */
type Place = (at: number) => number;

/** Byte-level BPE, GPT-2's and RoBERTa's. Free of Node; `loadTokenizer` reads one from a directory. */
export class BpeTokenizer extends TokenizerBase {
  readonly #pairs: BytePairs;
  readonly #options: BpeTokenizerOptions;
  /** By id: `SPACED` pieces have a space at an end, added tokens that are `TAKING` may have one in a text. */
  readonly #edges: Uint8Array;

  /** @throws InputError when the merges are of another vocabulary; what `TokenizerBase` throws */
  constructor(vocabulary: Vocabulary, merges: MergeList, options: BpeTokenizerOptions = {}) {
    super(vocabulary, options, {
      ...{ maskTakesSpace: true, layout: robertaLayout },
      ...{ normalize: (chars) => chars, split: (parts) => parts },
    });
    const unknown = this.flavour === 'slow' ? vocabulary.specials.unk : options.unknownPiece;
    const unknownId = unknown === undefined ? undefined : this.vocabulary.id(unknown);
    const table = new MergeTable(vocabulary.ids, merges);
    this.#pairs = new BytePairs(vocabulary.ids, table, { ...options, unknownId });
    this.#options = options;
    const { pieces } = this.vocabulary;
    this.#edges = Uint8Array.from(pieces, (piece) => (spacesAtEnds(piece).some(Boolean) ? SPACED : 0));
    for (const { id, lstrip, rstrip } of this.tokens) if (lstrip || rstrip) this.#edges[id] = TAKING;
  }

  override textOf(ids: readonly number[]): string {
    const bytes = ids.flatMap((id) => [...bytesOf(this.vocabulary.pieces[id] ?? '')]);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  /** A mask takes the white space before it, and a piece brings its own. */
  override textWith(before: string, id: number): string {
    return (this.#edges[this.maskId] === TAKING ? before.trimEnd() : before) + this.textOf([id]);
  }

  /** Upstream knows no words of byte-level pieces: one goes on unless a space is at its beginning or before it. */
  override continuesWord(_id: number, text: string, start: number): boolean {
    return start > 0 && !text.slice(start - 1, start + 1).includes(' ');
  }

  /** The slow flavour adds its space to the whole text, the fast one to each part between added tokens. */
  override tokenize(text: string): TokenizedText {
    const isPrefixed =
      this.flavour === 'slow' && this.#options.addPrefixSpace && !BEGINS_WITH_SPACE.test(text);
    const whole = isPrefixed ? ` ${text}` : text;
    const out = super.tokenize(whole);
    if (this.#options.trimOffsets ?? true) this.#trim(whole, out);
    if (!isPrefixed) return out;
    const back = (place: number): number => Math.max(0, place - 1);
    return { ids: out.ids, starts: out.starts.map(back), ends: out.ends.map(back) };
  }

  protected override tokenizePlain(text: string, from: number, to: number, out: TokenizedText): void {
    if (this.#options.normalize || this.#options.split) this.tokenizeBySteps(text, from, to, out);
    else
      this.cut(this.normalized, text, from, to, out, (start, end) => {
        const place: Place = (at) => start + at;
        this.#pushText(text.slice(start, end), place, place, out);
      });
  }

  protected override pushWord(chars: readonly OriginChar[], out: TokenizedText): void {
    const units = chars.flatMap((origin) => new Array<OriginChar>(origin.char.length).fill(origin));
    const start: Place = (at) => units[at]!.start;
    this.#pushText(textOf(chars), start, (at) => units[at - 1]!.end, out);
  }

  #pushText(part: string, startOf: Place, endOf: Place, out: TokenizedText): void {
    const { addPrefixSpace, splitWords = true } = this.#options;
    const added = addPrefixSpace && this.flavour === 'fast' && !part.startsWith(' ') ? 1 : 0;
    const text = added ? ` ${part}` : part;
    // A piece that is nothing but the added space has the place of the first character.
    const firstEnd = widthAt(part, 0);
    for (let from = 0; from < text.length;) {
      const to = splitWords ? wordEnd(text, from) : text.length;
      const { ids, starts, ends } = this.#pairs.pieces(text.slice(from, to));
      for (let k = 0; k < ids.length; k++) {
        out.ids.push(ids[k]!);
        out.starts.push(startOf(Math.max(0, from + starts[k]! - added)));
        out.ends.push(endOf(from + ends[k]! - added || firstEnd));
      }
      from = to;
    }
  }

  /** Spaces at the ends of a piece leave its place; the added one was in no text, so a character is left instead. */
  #trim(text: string, { ids, starts, ends }: TokenizedText): void {
    const { addPrefixSpace, trimAfterPrefix = addPrefixSpace } = this.#options;
    ids.forEach((id, k) => {
      if (!this.#edges[id]) return;
      let [from, to] = [starts[k]!, ends[k]!];
      const piece = this.#edges[id] === TAKING ? text.slice(from, to) : this.vocabulary.pieces[id]!;
      const [before, after] = spacesAtEnds(piece);
      // Several spaces at the beginning are the text's own: upstream would not have added one.
      const isAdded = trimAfterPrefix && before === 1 && (k === 0 || from === 0);
      for (let left = isAdded ? 0 : before; left > 0 && from < to; left--) from += widthAt(text, from);
      for (let left = after; left > 0 && from < to; left--) to -= widthAt(text, to - 2) === 2 ? 2 : 1;
      starts[k] = from;
      ends[k] = to;
    });
  }
}

/** UTF-16 units of the character that begins at a place. */
function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** White space, and what stands for a space, at the beginning and at the end. */
function spacesAtEnds(text: string): [number, number] {
  let [before, after] = [0, 0];
  while (before < text.length && isSpace(text, before)) before++;
  while (after < text.length && isSpace(text, text.length - 1 - after)) after++;
  return [before, after];
}

function isSpace(text: string, at: number): boolean {
  return text[at] === SPACE_SYMBOL || isWhiteSpace(text.charCodeAt(at));
}
