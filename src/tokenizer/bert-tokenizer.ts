import type { BasicOptions, TokenizerFlavour } from './wordpiece/basic-options.js';
import { ALONE, CharRules, OTHER, PLAIN, ruleKind, ruleUnit, SPACE } from './wordpiece/char-rules.js';
import { slowWords, wordText } from './wordpiece/slow-words.js';
import { isAsciiSpace } from './wordpiece/unicode.js';
import type { Vocabulary } from './vocabulary.js';
import { WordBuffer } from './wordpiece/word-buffer.js';
import { pushPlace, WordPiece, type TokenizedText } from './wordpiece/word-piece.js';

export interface BertTokenizerOptions {
  /** `fast` when absent. */
  readonly flavour?: TokenizerFlavour;
  /** True when absent: the uncased models. */
  readonly lowerCase?: boolean;
  /** As `lowerCase` when absent. */
  readonly stripAccents?: boolean;
  /** True when absent. */
  readonly splitIdeographs?: boolean;
  /** Special tokens beside the vocabulary's five: found in the raw text, and left out when decoding skips such. */
  readonly specialTokens?: readonly string[];
  /** Further tokens that are found in the raw text and never split. */
  readonly addedTokens?: readonly string[];
  /** Words that the slow flavour leaves whole where white space stands around them; the fast one has no such thing. */
  readonly neverSplit?: readonly string[];
  /** Rows longer than this are more than the model reads; no bound when absent. */
  readonly modelMaxLength?: number;
}

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
  readonly #rules: CharRules;
  readonly #wordPiece: WordPiece;
  readonly #special: RegExp;
  /** First characters of tokens that are never split. */
  readonly #guarded: ReadonlySet<number>;
  readonly #word = new WordBuffer();

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
    const inVocabulary = (tokens: readonly string[] = []): string[] =>
      tokens.filter((token) => token !== '' && vocabulary.ids.has(token));
    const { unk, cls, sep, pad, mask } = specials;
    const special = [unk, cls, sep, pad, mask, ...inVocabulary(options.specialTokens)];
    this.specialIds = new Set(special.map((token) => vocabulary.id(token)));
    const whole = [...new Set([...special, ...inVocabulary(options.addedTokens)])];
    const lowerCase = options.lowerCase ?? true;
    this.#basic = {
      flavour: this.flavour,
      lowerCase,
      stripAccents: options.stripAccents ?? lowerCase,
      splitIdeographs: options.splitIdeographs ?? true,
      neverSplit: new Set([...whole, ...(options.neverSplit ?? [])]),
    };
    this.#rules = new CharRules(this.#basic);
    this.#wordPiece = new WordPiece(vocabulary.ids, this.unkId);
    this.#special = literals(whole);
    this.#guarded = new Set([...this.#basic.neverSplit].map((token) => token.charCodeAt(0)));
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
      out.ids.push(this.vocabulary.id(match[0]));
      out.starts.push(match.index);
      from = match.index + match[0].length;
      out.ends.push(from);
    }
    this.#tokenizePlain(text, from, text.length, out);
    return out;
  }

  #tokenizePlain(text: string, from: number, to: number, out: TokenizedText): void {
    if (this.flavour === 'fast') this.#tokenizeByRules(text, from, to, out);
    else this.#tokenizeRuns(text, from, to, out);
  }

  /** Runs of characters between ASCII white space do not influence each other; few need more than rules. */
  #tokenizeRuns(text: string, from: number, to: number, out: TokenizedText): void {
    for (let at = from; at < to; at++) {
      const start = at;
      let isSimple = true;
      for (; at < to && !isAsciiSpace(text.charCodeAt(at)); at++) {
        if (isSimple) isSimple = this.#isSimple(text.charCodeAt(at));
      }
      if (isSimple) this.#tokenizeByRules(text, start, at, out);
      else this.#tokenizeWords(text.slice(start, at), start, out);
    }
  }

  /** The character can neither begin a token that is never split nor be part of a composition. */
  #isSimple(unit: number): boolean {
    if (this.#guarded.has(unit)) return false;
    return unit < 0x80 || this.#basic.stripAccents;
  }

  #tokenizeByRules(text: string, from: number, to: number, out: TokenizedText): void {
    const word = this.#word;
    for (let at = from; at < to; at++) {
      const rule = this.#rules.rule(text.charCodeAt(at));
      const kind = ruleKind(rule);
      if (kind === PLAIN) {
        word.push(ruleUnit(rule), at, at + 1);
      } else if (kind === OTHER) {
        const codePoint = text.codePointAt(at)!;
        const end = at + (codePoint > 0xffff ? 2 : 1);
        this.#addParts(codePoint, at, end, out);
        at = end - 1;
      } else {
        this.#closeWord(out);
        if (kind === ALONE) {
          word.push(ruleUnit(rule), at, at + 1);
          this.#closeWord(out);
        }
      }
    }
    this.#closeWord(out);
  }

  #addParts(codePoint: number, start: number, end: number, out: TokenizedText): void {
    for (const { text, kind } of this.#rules.parts(codePoint)) {
      if (kind !== PLAIN) this.#closeWord(out);
      if (kind !== SPACE) this.#word.pushText(text, start, end);
      if (kind === ALONE) this.#closeWord(out);
    }
  }

  #closeWord(out: TokenizedText): void {
    this.#wordPiece.cut(this.#word, out);
    this.#word.clear();
  }

  #tokenizeWords(text: string, from: number, out: TokenizedText): void {
    for (const chars of slowWords(text, from, this.#basic)) {
      for (const { char, start, end } of chars) this.#word.pushText(char, start, end);
      const whole = wordText(chars);
      if (this.#basic.neverSplit.has(whole)) {
        out.ids.push(this.vocabulary.ids.get(whole) ?? this.unkId);
        pushPlace(this.#word, 0, this.#word.length, out);
        this.#word.clear();
      } else {
        this.#closeWord(out);
      }
    }
  }
}

/** Matches any of the tokens; longest first, so that a token that begins with another one is found whole. */
function literals(tokens: readonly string[]): RegExp {
  const escaped = [...tokens]
    .sort((a, b) => b.length - a.length)
    .map((token) => token.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(escaped.join('|'), 'gu');
}
