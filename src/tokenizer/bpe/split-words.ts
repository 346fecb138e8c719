import { isWhiteSpace } from '../base/unicode.js';

const LETTER = 1;
const NUMBER = 2;
const SPACE = 3;
const OTHER = 4;

const CONTRACTION = /'(?:[stmd]|re|ve|ll)/y;
const IS_LETTER = /^\p{L}$/u;
const IS_NUMBER = /^\p{N}$/u;
/** By code point; 0 where nobody has asked yet. */
const classes = new Uint8Array(0x110000);

/**
 * Where the words of a text end, as GPT-2's pattern cuts them: English contractions, runs of letters, of numbers and
 * of other characters with at most one space before each, and white space, whose last character is left to what follows.
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * @param from where a word begins, before the text's end
 */
export function wordEnd(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === 0x27) {
    CONTRACTION.lastIndex = from;
    if (CONTRACTION.test(text)) return CONTRACTION.lastIndex;
  }
  const start = first === 0x20 ? from + 1 : from;
  const kind = start < text.length ? classAt(text, start) : SPACE;
  if (kind !== SPACE) return runEnd(text, start, kind);
  const end = runEnd(text, from, SPACE);
  return end === text.length || end === from + 1 ? end : end - 1;
}

function runEnd(text: string, from: number, kind: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.codePointAt(at)!;
    if ((classes[code] || learn(code)) !== kind) break;
    at += code > 0xffff ? 2 : 1;
  }
  return at;
}

function classAt(text: string, at: number): number {
  const code = text.codePointAt(at)!;
  return classes[code] || learn(code);
}

function learn(code: number): number {
  const char = String.fromCodePoint(code);
  const isSpace = code < 0x10000 && isWhiteSpace(code);
  return (classes[code] = IS_LETTER.test(char)
    ? LETTER
    : IS_NUMBER.test(char)
      ? NUMBER
      : isSpace
        ? SPACE
        : OTHER);
}
