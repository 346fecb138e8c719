import type { NumberedToken } from './base/added-tokens.js';
import { textOf, type OriginChar } from './steps/origin-chars.js';
import { isWhiteSpace } from './base/unicode.js';

export interface FoundToken {
  readonly id: number;
  /** UTF-16 offsets into the text that was searched; white space that the token takes is within. */
  readonly start: number;
  readonly end: number;
}

const NONE: readonly FoundToken[] = [];
/** What Rust's regex crate calls `\w`. */
const WORD = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`;
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, 'u');
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, 'u');

/** Finds added tokens in a text: the leftmost first, of those that begin at one place the longest. */
export class TokenFinder {
  readonly #tokens: ReadonlyMap<string, NumberedToken>;
  readonly #pattern: RegExp | undefined;
  readonly #isPlain: boolean;

  constructor(tokens: readonly NumberedToken[]) {
    this.#tokens = new Map(tokens.map((token) => [token.content, token]));
    this.#pattern = tokens.length > 0 ? literals([...this.#tokens.keys()]) : undefined;
    this.#isPlain = !tokens.some(({ singleWord, lstrip, rstrip }) => singleWord || lstrip || rstrip);
  }

  /** None, in any text. */
  get isEmpty(): boolean {
    return this.#pattern === undefined;
  }

  /** In the order of the text. */
  find(text: string): readonly FoundToken[] {
    if (!this.#pattern) return NONE;
    let found: FoundToken[] | undefined;
    let from = 0;
    for (const { 0: content, index } of text.matchAll(this.#pattern)) {
      const token = this.#tokens.get(content)!;
      const place = { id: token.id, start: index, end: index + content.length };
      const one = this.#isPlain ? place : withAttributes(text, token, place, from);
      if (!one) continue;
      (found ??= []).push(one);
      from = one.end;
    }
    return found ?? NONE;
  }
}

/** A text in parts: tokens that were found, and the characters between them. */
export function cutAtTokens(
  chars: readonly OriginChar[],
  finder: TokenFinder,
): (FoundToken | { readonly chars: readonly OriginChar[] })[] {
  const found = finder.isEmpty ? NONE : finder.find(textOf(chars));
  const parts: (FoundToken | { readonly chars: readonly OriginChar[] })[] = [];
  // Tokens stand at UTF-16 offsets of the text of all characters.
  let [at, units] = [0, 0];
  const upTo = (place: number): readonly OriginChar[] => {
    const from = at;
    while (units < place) units += chars[at++]!.char.length;
    return chars.slice(from, at);
  };
  for (const { id, start, end } of found) {
    const between = upTo(start);
    if (between.length > 0) parts.push({ chars: between });
    const own = upTo(end);
    parts.push({ id, start: own[0]!.start, end: own.at(-1)!.end });
  }
  const rest = chars.slice(at);
  if (rest.length > 0) parts.push({ chars: rest });
  return parts;
}

/** Undefined when the token must be a word of its own and is not. */
function withAttributes(
  text: string,
  { singleWord, lstrip, rstrip }: NumberedToken,
  { id, start, end }: FoundToken,
  from: number,
): FoundToken | undefined {
  const stands =
    ENDS_WITH_WORD.test(text.slice(Math.max(0, start - 2), start)) ||
    STARTS_WITH_WORD.test(text.slice(end, end + 2));
  if (singleWord && stands) return undefined;
  let [first, last] = [start, end];
  if (lstrip) while (first > from && isWhiteSpace(text.charCodeAt(first - 1))) first--;
  if (rstrip) while (last < text.length && isWhiteSpace(text.charCodeAt(last))) last++;
  return { id, start: first, end: last };
}

/** Matches any of the tokens; longest first, so that a token that begins with another one is found whole. */
function literals(tokens: readonly string[]): RegExp {
  const escaped = [...tokens]
    .sort((a, b) => b.length - a.length)
    .map((token) => token.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(escaped.join('|'), 'gu');
}
