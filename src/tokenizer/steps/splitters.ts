import { isPunctuation, isWhiteSpace } from '../base/unicode.js';
import type { OriginChar } from './origin-chars.js';

type Chars = readonly OriginChar[];

/** Cuts parts of a text into smaller ones (`pre_tokenizer` in tokenizer.json); empty ones do not come out. */
export type Splitter = (parts: readonly Chars[]) => readonly Chars[];

/** What becomes of the delimiters that a text is cut at (Rust's SplitDelimiterBehavior). */
export const BEHAVIORS = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
] as const;
export type Behavior = (typeof BEHAVIORS)[number];

/** A part of a text: a delimiter, or what lies between two. */
interface Segment {
  readonly from: number;
  to: number;
  readonly isDelimiter: boolean;
}

export function splitInTurn(splitters: readonly Splitter[]): Splitter {
  return (parts) => splitters.reduce((cut, split) => split(cut), parts);
}

/** Each character that `isDelimiter` names is a delimiter of its own. */
export function splitAtChars(isDelimiter: (char: string) => boolean, behavior: Behavior): Splitter {
  return splitter(behavior, (chars) => segments(chars, (at) => (isDelimiter(chars[at]!.char) ? 1 : 0)));
}

/** Each place of `pattern` is a delimiter; with `invert`, all that lies between is. */
export function splitAtText(pattern: string, behavior: Behavior, invert: boolean): Splitter {
  const wanted = [...pattern];
  return splitter(behavior, (chars) => {
    const isAt = (at: number): boolean => wanted.every((char, k) => chars[at + k]?.char === char);
    return segments(chars, (at) => (isAt(at) ? wanted.length : 0)).map((segment) => ({
      ...segment,
      isDelimiter: segment.isDelimiter !== invert,
    }));
  });
}

export const isSpaceChar = (char: string): boolean => isWhiteSpace(char.charCodeAt(0));
export const isNumeric = (char: string): boolean => /^\p{N}$/u.test(char);

const atWhiteSpace = splitAtChars(isSpaceChar, 'Removed');

/** BertPreTokenizer: at white space, and each punctuation mark is a part of its own. */
export const bertSplitter: Splitter = splitInTurn([atWhiteSpace, splitAtChars(isPunctuation, 'Isolated')]);

const WORDS = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** Whitespace: `\w+|[^\w\s]+`, runs of word characters and runs of others. */
export const whitespaceSplitter: Splitter = (parts) =>
  atWhiteSpace(parts).flatMap((chars) => {
    const isWord = chars.map(({ char }) => WORDS.test(char));
    const cuts = [...chars.keys()].filter((at) => at === 0 || isWord[at] !== isWord[at - 1]);
    return cuts.map((from, k) => chars.slice(from, cuts[k + 1]));
  });

function splitter(behavior: Behavior, cut: (chars: Chars) => Segment[]): Splitter {
  return (parts) =>
    parts.flatMap((chars) => joined(cut(chars), behavior).map(({ from, to }) => chars.slice(from, to)));
}

/** @param delimiterAt length of the delimiter that begins at a place, 0 for none */
function segments(chars: Chars, delimiterAt: (at: number) => number): Segment[] {
  const found: Segment[] = [];
  for (let at = 0; at < chars.length;) {
    const length = delimiterAt(at);
    const last = found.at(-1);
    if (length === 0 && last && !last.isDelimiter) last.to = at + 1;
    else found.push({ from: at, to: at + (length || 1), isDelimiter: length > 0 });
    at += length || 1;
  }
  return found;
}

function joined(found: readonly Segment[], behavior: Behavior): readonly Segment[] {
  if (behavior === 'Removed') return found.filter(({ isDelimiter }) => !isDelimiter);
  if (behavior === 'Isolated') return found;
  const together: Segment[] = [];
  found.forEach((segment, at) => {
    const before = found[at - 1];
    const follows =
      before !== undefined &&
      {
        Contiguous: before.isDelimiter === segment.isDelimiter,
        MergedWithPrevious: !before.isDelimiter && segment.isDelimiter,
        MergedWithNext: before.isDelimiter && !segment.isDelimiter,
      }[behavior];
    if (follows) together.at(-1)!.to = segment.to;
    else together.push({ ...segment });
  });
  return together;
}
