import type { BasicOptions } from './basic-options.js';
import { flatMapChars, originChars, textOf, type OriginChar } from '../steps/origin-chars.js';
import { compose } from './compose.js';
import { isDropped, isIdeograph, isNonspacingMark, isPunctuation, isSpace } from '../base/unicode.js';

/**
 * transformers' BasicTokenizer as BertTokenizer calls it, with all its steps: lower case, clean, compose, split at
 * spaces, strip accents, split at punctuation. Only what `CharRules` cannot say comes here: text to compose, and words
 * that may be a token that is never split. Characters carry their place in the original.
 */
export function slowWords(text: string, from: number, options: BasicOptions): OriginChar[][] {
  const { stripAccents, neverSplit } = options;
  let chars = originChars(text, from);
  if (options.lowerCase) chars = flatMapChars(chars, (char) => char.toLowerCase());
  chars = chars.filter(({ char }) => !isDropped(char, true));
  // Composition is undone by stripping accents; to skip it keeps a stripped mark out of the character's range.
  const words = splitAtSpaces(stripAccents ? chars : compose(chars), options);
  return words.flatMap((word) => {
    if (neverSplit.has(textOf(word).normalize('NFC'))) return [word];
    const stripped = stripAccents ? withoutMarks(word) : word;
    return neverSplit.has(textOf(stripped)) ? [stripped] : splitPunctuation(stripped);
  });
}

function withoutMarks(chars: readonly OriginChar[]): OriginChar[] {
  return flatMapChars(chars, (char) => char.normalize('NFD')).filter(({ char }) => !isNonspacingMark(char));
}

function splitAtSpaces(chars: readonly OriginChar[], options: BasicOptions): OriginChar[][] {
  const words: OriginChar[][] = [];
  let word: OriginChar[] = [];
  const close = (): void => {
    if (word.length > 0) words.push(word);
    word = [];
  };
  for (const origin of chars) {
    const isWord = options.splitIdeographs && isIdeograph(origin.char, 'slow');
    if (isWord || isSpace(origin.char)) close();
    if (isSpace(origin.char)) continue;
    word.push(origin);
    if (isWord) close();
  }
  close();
  return words;
}

function splitPunctuation(word: readonly OriginChar[]): OriginChar[][] {
  const parts: OriginChar[][] = [];
  let open = false;
  for (const origin of word) {
    const isMark = isPunctuation(origin.char);
    if (isMark || !open) parts.push([origin]);
    else parts.at(-1)!.push(origin);
    open = !isMark;
  }
  return parts;
}
