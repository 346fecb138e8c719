import { InputError } from '../../ipu-config/base/errors.js';
import { brief } from '../../ipu-config/base/json-text.js';
import {
  distinct,
  numberTokens,
  specialToken,
  type AddedToken,
  type NumberedToken,
} from './base/added-tokens.js';
import { bertLayout, type RowLayout } from './base/row-layout.js';
import { bertNormalizer, lowerCase, type Normalizer } from './steps/normalizers.js';
import { originChars, textOf } from './steps/origin-chars.js';
import { bertSplitter, type Splitter } from './steps/splitters.js';
import { cutAtTokens, TokenFinder, type FoundToken } from './token-finder.js';
import type { TokenizedText, Tokenizer, TokenizerFlavour } from './base/tokenizer.js';
import { isAsciiSpace, isSurrogate } from './base/unicode.js';
import type { Vocabulary } from './base/vocabulary.js';
import type { BasicOptions } from './wordpiece/basic-options.js';
import { ALONE, CharRules, OTHER, PLAIN, ruleKind, ruleUnit, SPACE } from './wordpiece/char-rules.js';
import { slowWords } from './wordpiece/slow-words.js';
import { WordBuffer } from './wordpiece/word-buffer.js';
import { pushPlace, WordPiece } from './wordpiece/word-piece.js';

export interface BertTokenizerOptions {
  /** `fast` when absent. */
  readonly flavour?: TokenizerFlavour;
  /** True when absent: control characters are dropped (fast flavour; the slow one always does). */
  readonly cleanText?: boolean;
  /** True when absent: the uncased models. */
  readonly lowerCase?: boolean;
  /** As `lowerCase` when absent. */
  readonly stripAccents?: boolean;
  /** True when absent. */
  readonly splitIdeographs?: boolean;
  /** In place of the four above, where tokenizer.json says so (fast flavour). */
  readonly normalize?: Normalizer;
  /** In place of white space and punctuation, where tokenizer.json says so (fast flavour). */
  readonly split?: Splitter;
  /** Tokens beside the vocabulary's five special ones that are found whole, the others' pieces or further ones. */
  readonly addedTokens?: readonly AddedToken[];
  /** Words that the slow flavour leaves whole where white space stands around them; the fast one has no such thing. */
  readonly neverSplit?: readonly string[];
  /** Rows longer than this are more than the model reads; no bound when absent. */
  readonly modelMaxLength?: number;
  /** What stands for words that cannot be made of pieces; the vocabulary's own when absent. */
  readonly unknownPiece?: string;
  /** `##` when absent. */
  readonly continuation?: string;
  /** Longer words, in code points, are unknown as a whole; 100 when absent. */
  readonly maxWordChars?: number;
  /** `[CLS] first [SEP] second [SEP]` when absent. */
  readonly layout?: RowLayout;
}

/** BERT's tokenizer: basic tokenisation, then WordPiece. Free of Node; `loadTokenizer` reads one from a directory. */
export class BertTokenizer implements Tokenizer {
  readonly vocabulary: Vocabulary;
  readonly flavour: TokenizerFlavour;
  readonly modelMaxLength: number;
  readonly layout: RowLayout;
  readonly continuation: string;
  readonly unkId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly padId: number;
  readonly maskId: number;
  readonly specialIds: ReadonlySet<number>;
  readonly #basic: BasicOptions;
  /** First units of tokens that the slow flavour never splits. */
  readonly #guarded: ReadonlySet<number>;
  readonly #rules: CharRules;
  readonly #wordPiece: WordPiece;
  /** Added tokens that are looked for in the raw text. */
  readonly #raw: TokenFinder;
  /** Those that are looked for in the normalised text, between the others. */
  readonly #normalized: TokenFinder;
  readonly #normalize: Normalizer;
  readonly #split: Splitter;
  /** Whether `#rules` can do what `#normalize` and `#split` do, and faster. */
  readonly #byRules: boolean;
  readonly #word = new WordBuffer();

  /** @throws InputError when added tokens have ids that do not fit, or nothing is left of one that is normalised */
  constructor(vocabulary: Vocabulary, options: BertTokenizerOptions = {}) {
    const { unk, cls, sep, pad, mask } = vocabulary.specials;
    const five = [unk, cls, sep, pad, mask].map((content) => specialToken(content));
    const ids = new Map(vocabulary.ids);
    const tokens = numberTokens(ids, distinct([...five, ...(options.addedTokens ?? [])]), vocabulary.where);
    this.vocabulary = ids.size === vocabulary.ids.size ? vocabulary : vocabulary.extended(ids);
    this.flavour = options.flavour ?? 'fast';
    this.modelMaxLength = options.modelMaxLength ?? Infinity;
    this.unkId = vocabulary.id(options.unknownPiece ?? unk);
    this.clsId = vocabulary.id(cls);
    this.sepId = vocabulary.id(sep);
    this.padId = vocabulary.id(pad);
    this.maskId = vocabulary.id(mask);
    this.specialIds = new Set(tokens.filter(({ special }) => special).map(({ id }) => id));
    this.layout = options.layout ?? bertLayout(this.clsId, this.sepId);
    this.continuation = options.continuation ?? '##';
    this.#basic = basicOptions(options, tokens);
    this.#guarded = new Set([...this.#basic.neverSplit].map((token) => token.charCodeAt(0)));
    this.#rules = new CharRules(this.#basic);
    const { continuation, unkId: unknownId } = this;
    this.#wordPiece = new WordPiece(vocabulary.ids, {
      ...{ unknownId, continuation, maxWordChars: options.maxWordChars ?? 100 },
    });
    this.#normalize = options.normalize ?? normalizerOf(this.#basic);
    this.#split = options.split ?? bertSplitter;
    this.#raw = new TokenFinder(tokens.filter(({ normalized }) => !normalized));
    this.#normalized = new TokenFinder(normalizedTokens(tokens, this.#normalize));
    this.#byRules = !options.normalize && !options.split && this.#normalized.isEmpty;
  }

  /** Ids of a text's pieces. */
  pieces(text: string): number[] {
    return this.tokenize(text).ids;
  }

  /** Added tokens are found first; what lies between them is normalised and cut into pieces. */
  tokenize(text: string): TokenizedText {
    const out: TokenizedText = { ids: [], starts: [], ends: [] };
    let from = 0;
    for (const token of this.#raw.find(text)) {
      this.#tokenizePlain(text, from, token.start, out);
      pushToken(token, out);
      from = token.end;
    }
    this.#tokenizePlain(text, from, text.length, out);
    return out;
  }

  #tokenizePlain(text: string, from: number, to: number, out: TokenizedText): void {
    if (from >= to) return;
    if (this.flavour === 'slow') this.#tokenizeSlowly(text, from, to, out);
    else if (this.#byRules) this.#tokenizeByRules(text, from, to, out);
    else this.#tokenizeBySteps(text, from, to, out);
  }

  #tokenizeBySteps(text: string, from: number, to: number, out: TokenizedText): void {
    const chars = this.#normalize(originChars(text.slice(from, to), from));
    for (const part of cutAtTokens(chars, this.#normalized)) {
      if ('id' in part) {
        pushToken(part, out);
        continue;
      }
      for (const word of this.#split([part.chars])) {
        for (const { char, start, end } of word) this.#word.pushText(char, start, end);
        this.#closeWord(out);
      }
    }
  }

  /** Tokens to be found in the normalised text are, here as in Python, found in the one in lower case. */
  #tokenizeSlowly(text: string, from: number, to: number, out: TokenizedText): void {
    if (this.#normalized.isEmpty) {
      this.#tokenizeRuns(text, from, to, out);
      return;
    }
    const chars = this.#normalize(originChars(text.slice(from, to), from));
    for (const part of cutAtTokens(chars, this.#normalized)) {
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

function pushToken({ id, start, end }: FoundToken, out: TokenizedText): void {
  out.ids.push(id);
  out.starts.push(start);
  out.ends.push(end);
}

function normalizedTokens(tokens: readonly NumberedToken[], normalize: Normalizer): NumberedToken[] {
  return tokens
    .filter(({ normalized }) => normalized)
    .map((token) => {
      const content = textOf(normalize(originChars(token.content, 0)));
      if (content !== '') return { ...token, content };
      throw new InputError(
        `nothing is left of the added token ${brief(token.content)} when it is normalised: set "normalized" to false.`,
      );
    });
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
