import { basicWords, wordText, type BasicOptions, type TokenizerFlavour } from './basic-words.js';
import type { OriginChar } from './origin-chars.js';
import { isAsciiPunctuation, isAsciiSpace } from './unicode.js';
import type { Vocabulary } from './vocabulary.js';
import { WordPiece, type WordPart } from './word-piece.js';

export interface BertTokenizerOptions {
  /** `fast` when absent. */
  readonly flavour?: TokenizerFlavour;
  /** True when absent: the uncased models. */
  readonly lowerCase?: boolean;
  /** As `lowerCase` when absent. */
  readonly stripAccents?: boolean;
  /** True when absent. */
  readonly splitIdeographs?: boolean;
  /** Tokens beside the special ones that are found in the raw text and never split. */
  readonly addedTokens?: readonly string[];
  /** Rows longer than this are more than the model reads; no bound when absent. */
  readonly modelMaxLength?: number;
}

/** The pieces of a text, without special tokens around them. Parallel arrays: one entry for each piece. */
export interface TokenizedText {
  readonly ids: number[];
  /** UTF-16 offsets into the text: piece k covers `[starts[k], ends[k])`. */
  readonly starts: number[];
  readonly ends: number[];
}

/** Words of plain ASCII recur; more of them than this are not worth their memory. */
const MAX_CACHED_WORDS = 1 << 17;
const MAX_CACHED_LENGTH = 64;

/** BERT's tokenizer: basic tokenisation, then WordPiece. Free of Node; `loadTokenizer` reads one from a directory. */
export class BertTokenizer {
  readonly vocabulary: Vocabulary;
  readonly flavour: TokenizerFlavour;
  readonly modelMaxLength: number;
  readonly unkId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly padId: number;
  readonly maskId: number;
  readonly specialIds: ReadonlySet<number>;
  readonly #basic: BasicOptions;
  readonly #wordPiece: WordPiece;
  readonly #special: RegExp;
  readonly #cache = new Map<string, readonly WordPart[]>();

  constructor(vocabulary: Vocabulary, options: BertTokenizerOptions = {}) {
    const { specials } = vocabulary;
    this.vocabulary = vocabulary;
    this.flavour = options.flavour ?? 'fast';
    this.modelMaxLength = options.modelMaxLength ?? Infinity;
    this.unkId = vocabulary.id(specials.unk);
    this.clsId = vocabulary.id(specials.cls);
    this.sepId = vocabulary.id(specials.sep);
    this.padId = vocabulary.id(specials.pad);
    this.maskId = vocabulary.id(specials.mask);
    this.specialIds = new Set([this.unkId, this.clsId, this.sepId, this.padId, this.maskId]);
    const added = (options.addedTokens ?? []).filter((token) => vocabulary.ids.has(token));
    const whole = [...new Set([...Object.values(specials as unknown as Record<string, string>), ...added])];
    const lowerCase = options.lowerCase ?? true;
    this.#basic = {
      flavour: this.flavour,
      lowerCase,
      stripAccents: options.stripAccents ?? lowerCase,
      splitIdeographs: options.splitIdeographs ?? true,
      neverSplit: new Set(whole),
    };
    this.#wordPiece = new WordPiece(vocabulary.ids, this.unkId);
    // Longest first, so that a token that begins with another one is found whole.
    const literals = whole
      .sort((a, b) => b.length - a.length)
      .map((token) => token.replace(/[^\w\s]/g, '\\$&'));
    this.#special = new RegExp(literals.join('|'), 'gu');
  }

  /** Ids of a text's pieces. */
  pieces(text: string): number[] {
    return this.tokenize(text).ids;
  }

  /** Special tokens are found in the raw text; what lies between them is normalised and cut into pieces. */
  tokenize(text: string): TokenizedText {
    const out: TokenizedText = { ids: [], starts: [], ends: [] };
    let from = 0;
    for (const match of text.matchAll(this.#special)) {
      this.#tokenizePlain(text, from, match.index, out);
      push(out, this.vocabulary.id(match[0]), match.index, match.index + match[0].length);
      from = match.index + match[0].length;
    }
    this.#tokenizePlain(text, from, text.length, out);
    return out;
  }

  /**
   * Runs of characters between ASCII white space do not influence each other. Those of plain ASCII, most of all, are
   * cut without looking at Unicode.
   */
  #tokenizePlain(text: string, from: number, to: number, out: TokenizedText): void {
    for (let at = from; at < to;) {
      if (isAsciiSpace(text.charCodeAt(at))) {
        at++;
        continue;
      }
      const start = at;
      let isPlain = true;
      for (; at < to; at++) {
        const code = text.charCodeAt(at);
        if (isAsciiSpace(code)) break;
        if (code >= 0x7f || code < 0x20) isPlain = false;
      }
      if (isPlain) this.#tokenizeAscii(text, start, at, out);
      else this.#tokenizeUnicode(text.slice(start, at), start, out);
    }
  }

  #tokenizeAscii(text: string, from: number, to: number, out: TokenizedText): void {
    for (let at = from; at < to;) {
      const start = at;
      if (isAsciiPunctuation(text.charCodeAt(at))) at++;
      else while (at < to && !isAsciiPunctuation(text.charCodeAt(at))) at++;
      let begin = start;
      for (const { id, end } of this.#asciiParts(text.slice(start, at))) {
        push(out, id, begin, start + end);
        begin = start + end;
      }
    }
  }

  #asciiParts(word: string): readonly WordPart[] {
    const cached = this.#cache.get(word);
    if (cached) return cached;
    const parts = this.#wordPiece.parts(this.#basic.lowerCase ? word.toLowerCase() : word);
    if (word.length <= MAX_CACHED_LENGTH) {
      if (this.#cache.size >= MAX_CACHED_WORDS) this.#cache.clear();
      this.#cache.set(word, parts);
    }
    return parts;
  }

  #tokenizeUnicode(text: string, from: number, out: TokenizedText): void {
    for (const word of basicWords(text, from, this.#basic)) this.#tokenizeWord(word, out);
  }

  #tokenizeWord(word: readonly OriginChar[], out: TokenizedText): void {
    const text = wordText(word);
    if (this.flavour === 'slow' && this.#basic.neverSplit.has(text)) {
      push(out, this.vocabulary.id(text), word[0]!.start, word.at(-1)!.end);
      return;
    }
    let first = 0;
    let units = 0;
    for (const { id, end } of this.#wordPiece.parts(text)) {
      let last = first;
      let start = Infinity;
      let stop = 0;
      for (; units < end; last++) {
        units += word[last]!.char.length;
        start = Math.min(start, word[last]!.start);
        stop = Math.max(stop, word[last]!.end);
      }
      push(out, id, start, stop);
      first = last;
    }
  }
}

function push(out: TokenizedText, id: number, start: number, end: number): void {
  out.ids.push(id);
  out.starts.push(start);
  out.ends.push(end);
}
