import { InputError } from '../../ipu-config/base/errors.js';
import { brief, short } from '../../ipu-config/base/json-text.js';
import {
  distinct,
  numberTokens,
  specialToken,
  type AddedToken,
  type NumberedToken,
} from './base/added-tokens.js';
import type { RowLayout } from './base/row-layout.js';
import type { Side, TokenizedText, Tokenizer, TokenizerFlavour } from './base/tokenizer.js';
import type { Vocabulary } from './base/vocabulary.js';
import type { Normalizer } from './steps/normalizers.js';
import { originChars, textOf, type OriginChar } from './steps/origin-chars.js';
import type { Splitter } from './steps/splitters.js';
import { cutAtTokens, TokenFinder, type FoundToken } from './token-finder.js';

/** What all tokenizers may be told. */
export interface TokenizerOptions {
  /** `fast` when absent. */
  readonly flavour?: TokenizerFlavour;
  /** Before words are cut out, where tokenizer.json says so (fast flavour). */
  readonly normalize?: Normalizer;
  /** Cuts words out, where tokenizer.json says so (fast flavour). */
  readonly split?: Splitter;
  /** Tokens beside the vocabulary's five special ones that are found whole, the others' pieces or further ones. */
  readonly addedTokens?: readonly AddedToken[];
  /** Rows longer than this are more than the model reads; no bound when absent. */
  readonly modelMaxLength?: number;
  /** The tokenizer's usual one when absent: `[CLS] first [SEP] second [SEP]`, `<s> first </s></s> second </s>`. */
  readonly layout?: RowLayout;
  /** `right` when absent. */
  readonly truncationSide?: Side;
  /** `right` when absent. */
  readonly paddingSide?: Side;
}

/** What a kind of tokenizer does where options say nothing else. */
interface Kind {
  /** Where no file says so. */
  readonly maskTakesSpace: boolean;
  readonly layout: (clsId: number, sepId: number) => RowLayout;
  readonly normalize: Normalizer;
  readonly split: Splitter;
}

/** What tokenizers have in common: special and added tokens, which are found before anything else. */
export abstract class TokenizerBase implements Tokenizer {
  readonly vocabulary: Vocabulary;
  readonly flavour: TokenizerFlavour;
  readonly modelMaxLength: number;
  readonly layout: RowLayout;
  readonly truncationSide: Side;
  readonly paddingSide: Side;
  readonly unkId: number;
  readonly clsId: number;
  readonly sepId: number;
  readonly padId: number;
  readonly maskId: number;
  readonly specialIds: ReadonlySet<number>;
  protected readonly tokens: readonly NumberedToken[];
  protected readonly normalize: Normalizer;
  /** Added tokens that are looked for in the normalised text, between the others. */
  protected readonly normalized: TokenFinder;
  /** Those that are looked for in the raw text. */
  readonly #raw: TokenFinder;
  readonly #split: Splitter;

  /** @throws InputError when a special token is missing, added ones have ids that do not fit, or nothing is left of one that is normalised */
  protected constructor(vocabulary: Vocabulary, options: TokenizerOptions, kind: Kind) {
    const ids = new Map(vocabulary.ids);
    const { addedTokens = [] } = options;
    checkSpecials(vocabulary, addedTokens);
    const { unk, cls, sep, pad, mask } = vocabulary.specials;
    const specials = [unk, cls, sep, pad, mask].map((content) => specialToken(content));
    if (kind.maskTakesSpace) specials.push({ ...specialToken(mask), lstrip: true });
    this.tokens = numberTokens(ids, distinct([...specials, ...addedTokens]), vocabulary.where);
    this.vocabulary = ids.size === vocabulary.ids.size ? vocabulary : vocabulary.extended(ids);
    this.flavour = options.flavour ?? 'fast';
    this.modelMaxLength = options.modelMaxLength ?? Infinity;
    this.unkId = this.vocabulary.id(unk);
    this.clsId = this.vocabulary.id(cls);
    this.sepId = this.vocabulary.id(sep);
    this.padId = this.vocabulary.id(pad);
    this.maskId = this.vocabulary.id(mask);
    this.specialIds = new Set(this.tokens.filter(({ special }) => special).map(({ id }) => id));
    this.layout = options.layout ?? kind.layout(this.clsId, this.sepId);
    this.truncationSide = options.truncationSide ?? 'right';
    this.paddingSide = options.paddingSide ?? 'right';
    this.normalize = options.normalize ?? kind.normalize;
    this.#split = options.split ?? kind.split;
    this.normalized = new TokenFinder(normalizedTokens(this.tokens, this.normalize));
    this.#raw = new TokenFinder(this.tokens.filter(({ normalized }) => !normalized));
  }

  /** Added tokens are found first; what lies between them is normalised and cut into pieces. */
  tokenize(text: string): TokenizedText {
    const out: TokenizedText = { ids: [], starts: [], ends: [] };
    this.cut(this.#raw, text, 0, text.length, out, (from, to) => {
      this.tokenizePlain(text, from, to, out);
    });
    return out;
  }

  /** Appends the tokens that are found in `[from, to)`; `between` is told of what lies between, if it is not empty. */
  protected cut(
    finder: TokenFinder,
    text: string,
    from: number,
    to: number,
    out: TokenizedText,
    between: (from: number, to: number) => void,
  ): void {
    let at = from;
    for (const { id, start, end } of finder.find(text.slice(from, to))) {
      if (at < from + start) between(at, from + start);
      at = from + end;
      pushToken({ id, start: from + start, end: at }, out);
    }
    if (at < to) between(at, to);
  }

  pieces(text: string): number[] {
    return this.tokenize(text).ids;
  }

  abstract textOf(ids: readonly number[]): string;
  abstract textWith(before: string, id: number): string;
  abstract continuesWord(id: number, text: string, start: number): boolean;

  /** Appends the pieces of `[from, to)`, which is not empty, and has none of the tokens that are found in raw text. */
  protected abstract tokenizePlain(text: string, from: number, to: number, out: TokenizedText): void;

  /** Appends the pieces of one word, or of what else the splitter cuts out. */
  protected abstract pushWord(chars: readonly OriginChar[], out: TokenizedText): void;

  /** What `tokenizePlain` must do, by steps that carry every character's place. */
  protected tokenizeBySteps(text: string, from: number, to: number, out: TokenizedText): void {
    const chars = this.normalize(originChars(text.slice(from, to), from));
    for (const part of cutAtTokens(chars, this.normalized)) {
      if ('id' in part) pushToken(part, out);
      else for (const word of this.#split([part.chars])) this.pushWord(word, out);
    }
  }
}

export function pushToken({ id, start, end }: FoundToken, out: TokenizedText): void {
  out.ids.push(id);
  out.starts.push(start);
  out.ends.push(end);
}

/** A special token need not be in the vocabulary where a file names it: it gets the next free id. */
function checkSpecials({ ids, specials, where }: Vocabulary, addedTokens: readonly AddedToken[]): void {
  const named = new Set(addedTokens.map(({ content }) => content));
  const missing = Object.values(specials).filter((piece: string) => !ids.has(piece) && !named.has(piece));
  if (missing.length === 0) return;
  throw new InputError(
    `${where} has no ${missing.map((piece: string) => short(piece)).join(', ')}: it is the vocabulary of another kind of tokenizer, or the tokenizer's files ` +
      'name other special pieces.',
  );
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
