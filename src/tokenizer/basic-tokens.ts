import { isDropped, isIdeograph, isNonspacingMark, isPunctuation, isSpace } from './base/unicode.js';

/**
 * Words of transformers' BasicTokenizer by itself, without their places. Unlike in the whole tokenizer, a word is put
 * into lower case at once and not character by character, which matters for the Greek final sigma.
 */
export function basicTokens(text: string, lowerCase: boolean): string[] {
  let cleaned = '';
  for (const char of text) {
    if (isDropped(char, true)) continue;
    if (isSpace(char)) cleaned += ' ';
    else cleaned += isIdeograph(char, 'slow') ? ` ${char} ` : char;
  }
  return cleaned
    .normalize('NFC')
    .split(' ')
    .flatMap((word) => splitPunctuation(lowerCase ? withoutMarks(word.toLowerCase()) : word));
}

function withoutMarks(word: string): string {
  return [...word.normalize('NFD')].filter((char) => !isNonspacingMark(char)).join('');
}

function splitPunctuation(word: string): string[] {
  const parts: string[] = [];
  let open = false;
  for (const char of word) {
    const isMark = isPunctuation(char);
    if (open && !isMark) parts[parts.length - 1] += char;
    else parts.push(char);
    open = !isMark;
  }
  return parts;
}
