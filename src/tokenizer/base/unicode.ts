import type { TokenizerFlavour } from './tokenizer.js';

/**
 * Character classes of BERT's tokenizer, by code point. The slow (Python) and the fast (Rust) one of Hugging Face
 * differ in two: what counts as a control character, and as white space.
 */

const UNASSIGNED = /^\p{Cn}$/u;
const OTHER = /^\p{C}$/u;
const SPACE_SEPARATOR = /^\p{Zs}$/u;
/** What `str.split()` splits on in Python, beyond the space separators. */
const LINE_OR_PARAGRAPH_SEPARATOR = /^[\u2028\u2029]$/u;
const PUNCTUATION = /^\p{P}$/u;
const NONSPACING_MARK = /^\p{Mn}$/u;

export function isAsciiSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** Characters that are dropped: NUL, the replacement character, control and format characters. */
export function isDropped(char: string, unassignedToo: boolean): boolean {
  const code = char.codePointAt(0)!;
  if (code < 0x80) return (code < 0x20 || code === 0x7f) && !isAsciiSpace(code);
  if (code === 0xfffd) return true;
  return OTHER.test(char) && (unassignedToo || !UNASSIGNED.test(char));
}

export function isSpace(char: string): boolean {
  const code = char.codePointAt(0)!;
  if (code < 0x80) return isAsciiSpace(code);
  return SPACE_SEPARATOR.test(char) || LINE_OR_PARAGRAPH_SEPARATOR.test(char);
}

/** One half of a character outside of the first 65,536. */
export function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

/** Unicode's White_Space, by UTF-16 unit. */
export function isWhiteSpace(unit: number): boolean {
  if (unit < 0x80) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  return unit === 0x85 || isSpace(String.fromCharCode(unit));
}

function isAsciiPunctuation(code: number): boolean {
  return (
    (code >= 0x21 && code <= 0x2f) ||
    (code >= 0x3a && code <= 0x40) ||
    (code >= 0x5b && code <= 0x60) ||
    (code >= 0x7b && code <= 0x7e)
  );
}

export function isPunctuation(char: string): boolean {
  const code = char.codePointAt(0)!;
  return code < 0x80 ? isAsciiPunctuation(code) : PUNCTUATION.test(char);
}

export function isNonspacingMark(char: string): boolean {
  return char.codePointAt(0)! >= 0x300 && NONSPACING_MARK.test(char);
}

/** The character's parts that are left when its accents go. */
export function withoutMarks(char: string): string[] {
  return [...char.normalize('NFD')].filter((part) => !isNonspacingMark(part));
}

/** Accents stripped and lower case, in the fast flavour's order; a lone surrogate is U+FFFD there. */
export function foldedChars(
  char: string,
  { stripAccents, lowerCase }: { readonly stripAccents: boolean; readonly lowerCase: boolean },
): string[] {
  const whole = isSurrogate(char.codePointAt(0)!) ? '\ufffd' : char;
  const stripped = stripAccents ? withoutMarks(whole) : [whole];
  return lowerCase ? stripped.flatMap((part) => [...part.toLowerCase()]) : stripped;
}

/** Blocks of CJK ideographs, each of which is a word (google-research/bert, tokenization.py). */
const IDEOGRAPHS: readonly (readonly [number, number])[] = [
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b73f],
  [0x2b740, 0x2b81f],
  [0x2b820, 0x2ceaf],
  [0x2f800, 0x2fa1f],
];
/** Part of extension E that the fast tokenizer leaves out. */
const NOT_IN_FAST: readonly [number, number] = [0x2b820, 0x2b91f];

export function isIdeograph(char: string, flavour: TokenizerFlavour): boolean {
  const code = char.codePointAt(0)!;
  if (code < 0x3400) return false;
  if (flavour === 'fast' && code >= NOT_IN_FAST[0] && code <= NOT_IN_FAST[1]) return false;
  return IDEOGRAPHS.some(([first, last]) => code >= first && code <= last);
}
