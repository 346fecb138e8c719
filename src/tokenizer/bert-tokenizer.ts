import type { AddedToken } from './base/added-tokens.js';
import { bertLayout } from './base/row-layout.js';
import { bertNormalizer, lowerCase, type Normalizer } from './steps/normalizers.js';
import { originChars, textOf, type OriginChar } from './steps/origin-chars.js';
import { bertSplitter } from './steps/splitters.js';
import { cutAtTokens } from './token-finder.js';
import type { TokenizedText } from './base/tokenizer.js';
import { pushToken, TokenizerBase, type TokenizerOptions } from './tokenizer-base.js';
import { isAsciiSpace, isSurrogate } from './base/unicode.js';
import type { Vocabulary } from './base/vocabulary.js';
import type { BasicOptions } from './wordpiece/basic-options.js';
import { ALONE, CharRules, OTHER, PLAIN, ruleKind, ruleUnit, SPACE } from './wordpiece/char-rules.js';
import { slowWords } from './wordpiece/slow-words.js';
import { WordBuffer } from './wordpiece/word-buffer.js';
import { pushPlace, WordPiece } from './wordpiece/word-piece.js';

export interface BertTokenizerOptions extends TokenizerOptions {
  /** True when absent: control characters are dropped (fast flavour; the slow one always does). */
  readonly cleanText?: boolean;
  /** True when absent: the uncased models. */
  readonly lowerCase?: boolean;
  /** As `lowerCase` when absent. */
  readonly stripAccents?: boolean;
  /** True when absent. */
  readonly splitIdeographs?: boolean;
  /** Words that the slow flavour leaves whole where white space stands around them; the fast one has no such thing. */
  readonly neverSplit?: readonly string[];
  /** What stands for words that cannot be made of pieces; the vocabulary's own when absent. */
  readonly unknownPiece?: string;
  /** `##` when absent. */
  readonly continuation?: string;
  /** Longer words, in code points, are unknown as a whole; 100 when absent. */
  readonly maxWordChars?: number;
}

/** BERT's tokenizer: basic tokenisation, then WordPiece. Free of Node; `loadTokenizer` reads one from a directory. */
export class BertTokenizer extends TokenizerBase {
  readonly #continuation: string;
  readonly #basic: BasicOptions;
  /** First units of tokens that the slow flavour never splits. */
  readonly #guarded: ReadonlySet<number>;
  readonly #rules: CharRules;
  readonly #wordPiece: WordPiece;
  /** Whether `#rules` can do what the steps do, and faster. */
  readonly #byRules: boolean;
  readonly #word = new WordBuffer();

  /** @throws InputError when added tokens have ids that do not fit, or nothing is left of one that is normalised */
  constructor(vocabulary: Vocabulary, options: BertTokenizerOptions = {}) {
    super(vocabulary, options, {
      maskTakesSpace: false,
      layout: bertLayout,
      normalize: normalizerOf(basicOptions(options, [])),
      split: bertSplitter,
    });
    this.#continuation = options.continuation ?? '##';
    this.#basic = basicOptions(options, this.tokens);
    this.#guarded = new Set([...this.#basic.neverSplit].map((token) => token.charCodeAt(0)));
    this.#rules = new CharRules(this.#basic);
    this.#wordPiece = new WordPiece(vocabulary.ids, {
      unknownId: this.vocabulary.id(options.unknownPiece ?? vocabulary.specials.unk),
      continuation: this.#continuation,
      maxWordChars: options.maxWordChars ?? 100,
    });
    this.#byRules = !options.normalize && !options.split && this.normalized.isEmpty;
  }

  override textOf(ids: readonly number[]): string {
    const { pieces, specials } = this.vocabulary;
    const text = ids.map((id) => pieces[id] ?? specials.unk).join(' ');
    return text.replaceAll(` ${this.#continuation}`, '').trim();
  }

  override textWith(before: string, id: number): string {
    const piece = this.vocabulary.pieces[id]!;
    if (!this.continuesWord(id)) return before + piece;
    return before.trimEnd() + piece.slice(this.#continuation.length);
  }

  override continuesWord(id: number): boolean {
    return this.vocabulary.pieces[id]!.startsWith(this.#continuation);
  }

  protected override tokenizePlain(text: string, from: number, to: number, out: TokenizedText): void {
    if (this.flavour === 'slow') this.#tokenizeSlowly(text, from, to, out);
    else if (this.#byRules) this.#tokenizeByRules(text, from, to, out);
    else this.tokenizeBySteps(text, from, to, out);
  }

  protected override pushWord(chars: readonly OriginChar[], out: TokenizedText): void {
    for (const { char, start, end } of chars) this.#word.pushText(char, start, end);
    this.#closeWord(out);
  }

  /** Tokens to be found in the normalised text are, here as in Python, found in the one in lower case. */
  #tokenizeSlowly(text: string, from: number, to: number, out: TokenizedText): void {
    if (this.normalized.isEmpty) {
      this.#tokenizeRuns(text, from, to, out);
      return;
    }
    const chars = this.normalize(originChars(text.slice(from, to), from));
    for (const part of cutAtTokens(chars, this.normalized)) {
      if ('id' in part) pushToken(part, out);
      else this.#tokenizeRuns(text, part.chars[0]!.start, part.chars.at(-1)!.end, out);
    }
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

  /** What the character becomes can neither begin a token that is never split nor be part of a composition. */
  #isSimple(unit: number): boolean {
    if (unit >= 0x80 && !this.#basic.stripAccents) return false;
    const rule = this.#rules.rule(unit);
    if (isSurrogate(unit)) return !this.#guarded.has(unit);
    if (ruleKind(rule) !== OTHER) return !this.#guarded.has(ruleUnit(rule));
    return !this.#rules.parts(unit).some(({ text }) => this.#guarded.has(text.charCodeAt(0)));
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
      const whole = textOf(chars);
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

function basicOptions(options: BertTokenizerOptions, tokens: readonly AddedToken[]): BasicOptions {
  const lowerCase = options.lowerCase ?? true;
  return {
    flavour: options.flavour ?? 'fast',
    cleanText: options.cleanText ?? true,
    lowerCase,
    stripAccents: options.stripAccents ?? lowerCase,
    splitIdeographs: options.splitIdeographs ?? true,
    neverSplit: new Set([...tokens.map(({ content }) => content), ...(options.neverSplit ?? [])]),
  };
}

/** The slow flavour looks for normalised tokens in a text that is only in lower case, character by character. */
function normalizerOf(basic: BasicOptions): Normalizer {
  if (basic.flavour === 'fast') return bertNormalizer(basic);
  return basic.lowerCase ? lowerCase : (chars) => chars;
}
