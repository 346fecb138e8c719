import { InputError } from '../../ipu-config/base/errors.js';
import { brief } from '../../ipu-config/base/json-text.js';
import { distinct, numberTokens, type AddedToken, type NumberedToken } from './base/added-tokens.js';
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
  /** The five special tokens with their attributes. */
  readonly specials: readonly AddedToken[];
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

  /** @throws InputError when added tokens have ids that do not fit, or nothing is left of one that is normalised */
  protected constructor(vocabulary: Vocabulary, options: TokenizerOptions, kind: Kind) {
    const ids = new Map(vocabulary.ids);
    const tokens = distinct([...kind.specials, ...(options.addedTokens ?? [])]);
    this.tokens = numberTokens(ids, tokens, vocabulary.where);
    this.vocabulary = ids.size === vocabulary.ids.size ? vocabulary : vocabulary.extended(ids);
    this.flavour = options.flavour ?? 'fast';
    this.modelMaxLength = options.modelMaxLength ?? Infinity;
    const { unk, cls, sep, pad, mask } = vocabulary.specials;
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
    let from = 0;
    for (const token of this.#raw.find(text)) {
      if (from < token.start) this.tokenizePlain(text, from, token.start, out);
      pushToken(token, out);
      from = token.end;
    }
    if (from < text.length) this.tokenizePlain(text, from, text.length, out);
    return out;
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
