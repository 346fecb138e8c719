import { specialToken } from './base/added-tokens.js';
import { robertaLayout } from './base/row-layout.js';
import type { TokenizedText } from './base/tokenizer.js';
import { isWhiteSpace } from './base/unicode.js';
import type { SpecialPieces, Vocabulary } from './base/vocabulary.js';
import { BytePairs } from './bpe/byte-pairs.js';
import { bytesOf, SPACE_SYMBOL } from './bpe/byte-symbols.js';
import { MergeTable, type MergeList } from './bpe/merges.js';
import { wordEnd } from './bpe/split-words.js';
import { textOf, type OriginChar } from './steps/origin-chars.js';
import { pushToken, TokenizerBase, type TokenizerOptions } from './tokenizer-base.js';

/** As RoBERTa's vocabularies spell them. */
export const ROBERTA_SPECIALS: SpecialPieces = {
  ...{ unk: '<unk>', cls: '<s>', sep: '</s>', pad: '<pad>', mask: '<mask>' },
};

/** White space by Python's count, or nothing at all. */
const BEGINS_WITH_SPACE = /^(?:[\p{White_Space}\x1c-\x1f]|$)/u;

export interface BpeTokenizerOptions extends TokenizerOptions {
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
  /** Several unknown bytes in a row are one piece. */
  readonly fuseUnknown?: boolean;
  /** A word that is a piece stays whole, whatever the merges. */
  readonly wholeWords?: boolean;
}

/** Where a part of a text stands in it, by UTF-16 offsets into the part. */
interface Places {
  start(at: number): number;
  end(at: number): number;
}

/** Byte-level BPE, GPT-2's and RoBERTa's. Free of Node; `loadTokenizer` reads one from a directory. */
export class BpeTokenizer extends TokenizerBase {
  readonly #pairs: BytePairs;
  readonly #options: BpeTokenizerOptions;
  /** By id, 1: the piece has a space at an end, or it is an added token, which may have taken some. */
  readonly #edges: Uint8Array;

  /**
   * @throws InputError when the merges are of another vocabulary, added tokens have ids that do not fit, or nothing is
   *   left of one that is normalised
   */
  constructor(vocabulary: Vocabulary, merges: MergeList, options: BpeTokenizerOptions = {}) {
    const { unk, cls, sep, pad, mask } = vocabulary.specials;
    super(vocabulary, options, {
      specials: [
        ...[unk, cls, sep, pad].map((content) => specialToken(content)),
        { ...specialToken(mask), lstrip: true },
      ],
      layout: robertaLayout,
      normalize: (chars) => chars,
      split: (parts) => parts,
    });
    const unknown = this.flavour === 'slow' ? unk : options.unknownPiece;
    this.#pairs = new BytePairs(vocabulary.ids, new MergeTable(vocabulary.ids, merges), {
      unknownId: unknown === undefined ? undefined : vocabulary.id(unknown),
      fuseUnknown: options.fuseUnknown ?? false,
      wholeWords: options.wholeWords ?? false,
    });
    this.#options = options;
    this.#edges = Uint8Array.from(this.vocabulary.pieces, (piece) =>
      spacesAtEnds(piece).some(Boolean) ? 1 : 0,
    );
    for (const { id } of this.tokens) this.#edges[id] = 1;
  }

  override textOf(ids: readonly number[]): string {
    const bytes = ids.flatMap((id) => [...bytesOf(this.vocabulary.pieces[id] ?? '')]);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  /** A mask takes the white space before it, and a piece brings its own. */
  override textWith(before: string, id: number): string {
    const takes = this.tokens.some((token) => token.id === this.maskId && token.lstrip);
    return (takes ? before.trimEnd() : before) + this.textOf([id]);
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
    if (this.#options.normalize || this.#options.split) {
      this.tokenizeBySteps(text, from, to, out);
      return;
    }
    const part = text.slice(from, to);
    let at = 0;
    for (const { id, start, end } of this.normalized.find(part)) {
      this.#pushText(part.slice(at, start), shifted(from + at), out);
      pushToken({ id, start: from + start, end: from + end }, out);
      at = end;
    }
    this.#pushText(part.slice(at), shifted(from + at), out);
  }

  protected override pushWord(chars: readonly OriginChar[], out: TokenizedText): void {
    const units = chars.flatMap((origin) => new Array<OriginChar>(origin.char.length).fill(origin));
    const start = (at: number): number => units[at]!.start;
    const end = (at: number): number => units[at - 1]!.end;
    this.#pushText(textOf(chars), { start, end }, out);
  }

  #pushText(part: string, places: Places, out: TokenizedText): void {
    if (part === '') return;
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
        out.starts.push(places.start(Math.max(0, from + starts[k]! - added)));
        out.ends.push(places.end(from + ends[k]! - added || firstEnd));
      }
      from = to;
    }
  }

  /** Spaces at the ends of a piece leave its place; the added one was in no text, so a character is left instead. */
  #trim(text: string, { ids, starts, ends }: TokenizedText): void {
    const { addPrefixSpace, trimAfterPrefix = addPrefixSpace } = this.#options;
    const added = new Set(this.tokens.map(({ id }) => id));
    ids.forEach((id, k) => {
      if (!this.#edges[id]) return;
      let [from, to] = [starts[k]!, ends[k]!];
      const [before, after] = spacesAtEnds(
        added.has(id) ? text.slice(from, to) : this.vocabulary.pieces[id]!,
      );
      const isAfterPrefix = trimAfterPrefix && (k === 0 || from === 0);
      for (let left = before - (isAfterPrefix ? 1 : 0); left > 0 && from < to; left--)
        from += widthAt(text, from);
      for (let left = after; left > 0 && from < to; left--) to -= widthAt(text, to - 2) === 2 ? 2 : 1;
      starts[k] = from;
      ends[k] = to;
    });
  }
}

function shifted(by: number): Places {
  return { start: (at) => by + at, end: (at) => by + at };
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
