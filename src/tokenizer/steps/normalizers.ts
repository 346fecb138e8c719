import { foldedChars, isDropped, isIdeograph, isSurrogate, isWhiteSpace } from '../base/unicode.js';
import { flatMapChars, textOf, type OriginChar } from './origin-chars.js';

/** Changes a text; its characters keep their places in the original. The rules are those of Rust's tokenizers. */
export type Normalizer = (chars: readonly OriginChar[]) => readonly OriginChar[];

const COMBINING_MARK = /^\p{M}$/u;

export function inTurn(normalizers: readonly Normalizer[]): Normalizer {
  return (chars) => normalizers.reduce((changed, normalize) => normalize(changed), chars);
}

/** Each character by itself; what it becomes is worked out once. */
function eachChar(f: (char: string) => readonly string[]): Normalizer {
  const known = new Map<string, readonly string[]>();
  return (chars) =>
    flatMapChars(chars, (char) => {
      let parts = known.get(char);
      if (!parts) known.set(char, (parts = f(char)));
      return parts;
    });
}

/** Rust's texts have no lone surrogates: they arrive there as U+FFFD. */
export const wellFormed: Normalizer = eachChar((char) => [
  isSurrogate(char.codePointAt(0)!) ? '\ufffd' : char,
]);

/** One lower-cased character after another: no final sigma. */
export const lowerCase: Normalizer = eachChar((char) => [...char.toLowerCase()]);

export const stripAccents: Normalizer = (chars) => chars.filter(({ char }) => !COMBINING_MARK.test(char));

export interface BertNormalizerOptions {
  readonly cleanText: boolean;
  readonly lowerCase: boolean;
  readonly stripAccents: boolean;
  readonly splitIdeographs: boolean;
}

/** BertNormalizer: what `CharRules` does, for places where more than words is asked of the text. */
export function bertNormalizer(options: BertNormalizerOptions): Normalizer {
  const { cleanText, splitIdeographs } = options;
  return eachChar((char) => {
    if (cleanText && isDropped(char, false)) return [];
    const clean = cleanText && isWhiteSpace(char.charCodeAt(0)) ? ' ' : char;
    const folded = foldedChars(clean, options);
    return splitIdeographs && isIdeograph(char, 'fast') ? [' ', ...folded, ' '] : folded;
  });
}

/** White space at the ends goes. */
export function strip(left: boolean, right: boolean): Normalizer {
  const isSpace = ({ char }: OriginChar): boolean => isWhiteSpace(char.charCodeAt(0));
  return (chars) => {
    let [from, to] = [0, chars.length];
    if (left) while (from < to && isSpace(chars[from]!)) from++;
    if (right) while (to > from && isSpace(chars[to - 1]!)) to--;
    return chars.slice(from, to);
  };
}

/** Put before a text that is not empty, as a part of its first character. */
export function prepend(prefix: string): Normalizer {
  return (chars) => [...flatMapChars(chars.slice(0, 1), () => prefix), ...chars];
}

/** Every place of `pattern`, from the left; what replaces it has the range of its last character. */
export function replace(pattern: string, content: string): Normalizer {
  const wanted = [...pattern];
  const isAt = (chars: readonly OriginChar[], at: number): boolean =>
    wanted.every((char, k) => chars[at + k]?.char === char);
  return (chars) => {
    const changed: OriginChar[] = [];
    for (let at = 0; at < chars.length; at++) {
      if (!isAt(chars, at)) {
        changed.push(chars[at]!);
        continue;
      }
      at += wanted.length - 1;
      changed.push(...flatMapChars([chars[at]!], () => content));
    }
    return changed;
  };
}

const NMT_DROPPED = /^[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]$/;
const NMT_SPACE = /^[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]$/;

export const nmt: Normalizer = eachChar((char) => {
  if (NMT_DROPPED.test(char)) return [];
  return [NMT_SPACE.test(char) ? ' ' : char];
});

type UnicodeForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/**
 * Unicode's normal forms. As in Rust, places follow positions: where marks change places, their ranges stay; a
 * composed character has the range of its first part only.
 */
export function unicodeForm(form: UnicodeForm): Normalizer {
  const decomposition = form.includes('K') ? 'NFKD' : 'NFD';
  return (chars) => {
    const text = textOf(chars);
    const target = text.normalize(form);
    if (target === text) return chars;
    return replaced(chars, merged([...target], decomposed(chars, decomposition), decomposition));
  };
}

/** A character of a new text, and how many of the old one it stands for; 0: it belongs to the one before. */
interface Replacement {
  readonly char: string;
  readonly takes: number;
}

function decomposed(chars: readonly OriginChar[], form: UnicodeForm): Replacement[] {
  return chars.flatMap(({ char }) =>
    [...char.normalize(form)].map((part, at) => ({ char: part, takes: at === 0 ? 1 : 0 })),
  );
}

/** Each character of `target` takes its parts, of equal ones the first that is left. */
function merged(target: readonly string[], parts: readonly Replacement[], form: UnicodeForm): Replacement[] {
  const used = new Array<boolean>(parts.length).fill(false);
  let first = 0;
  return target.map((char) => {
    let takes = 0;
    for (const wanted of char.normalize(form)) {
      let at = first;
      while (at < parts.length && (used[at] || parts[at]!.char !== wanted)) at++;
      takes += parts[at]?.takes ?? 0;
      used[at] = true;
      while (used[first]) first++;
    }
    return { char, takes };
  });
}

function replaced(chars: readonly OriginChar[], by: readonly Replacement[]): OriginChar[] {
  let at = 0;
  return by.map(({ char, takes }) => {
    const origin = chars[takes > 0 ? at : at - 1] ?? chars[0]!;
    at += takes;
    return { ...origin, char };
  });
}
