import { compose, flatMapChars, originChars, type OriginChar } from './origin-chars.js';
import { isDropped, isIdeograph, isNonspacingMark, isPunctuation, isSpace } from './unicode.js';

/** Which of Hugging Face's two BERT tokenizers to agree with, where they differ: docs/tokenizer.md lists it. */
export type TokenizerFlavour = 'slow' | 'fast';

export interface BasicOptions {
  readonly flavour: TokenizerFlavour;
  readonly lowerCase: boolean;
  readonly stripAccents: boolean;
  /** Each CJK ideograph is a word. */
  readonly splitIdeographs: boolean;
  /** Tokens that the slow flavour leaves whole when cleaning the text brings them to light. */
  readonly neverSplit: ReadonlySet<string>;
}

/**
 * BERT's basic tokenizer: cleans and normalises a text and cuts it into words, punctuation marks apart. Characters
 * carry their place in the original.
 */
export function basicWords(text: string, from: number, options: BasicOptions): OriginChar[][] {
  return options.flavour === 'slow' ? slowWords(text, from, options) : fastWords(text, from, options);
}

/** transformers' BertTokenizer: lower case, clean, compose, split at spaces, then strip accents. */
function slowWords(text: string, from: number, options: BasicOptions): OriginChar[][] {
  let chars = originChars(text, from);
  if (options.lowerCase) chars = flatMapChars(chars, (char) => char.toLowerCase());
  chars = chars.filter(({ char }) => !isDropped(char, true));
  // Composition is undone by stripping accents; to skip it keeps a stripped mark out of the character's range.
  const words = splitAtSpaces(options.stripAccents ? chars : compose(chars), options);
  return words.flatMap((word) => {
    if (options.neverSplit.has(wordText(word))) return [word];
    return splitPunctuation(options.stripAccents ? withoutMarks(word) : word);
  });
}

/** tokenizers' BertNormalizer and BertPreTokenizer: clean, strip accents, lower case, split. */
function fastWords(text: string, from: number, options: BasicOptions): OriginChar[][] {
  let chars = originChars(text, from).filter(({ char }) => !isDropped(char, false));
  if (options.stripAccents) chars = withoutMarks(chars);
  if (options.lowerCase) chars = flatMapChars(chars, (char) => char.toLowerCase());
  return splitAtSpaces(chars, options).flatMap(splitPunctuation);
}

function withoutMarks(chars: readonly OriginChar[]): OriginChar[] {
  return flatMapChars(chars, (char) => char.normalize('NFD')).filter(({ char }) => !isNonspacingMark(char));
}

export function wordText(word: readonly OriginChar[]): string {
  return word.map(({ char }) => char).join('');
}

function splitAtSpaces(chars: readonly OriginChar[], { splitIdeographs }: BasicOptions): OriginChar[][] {
  const words: OriginChar[][] = [];
  let word: OriginChar[] = [];
  const close = (): void => {
    if (word.length > 0) words.push(word);
    word = [];
  };
  for (const origin of chars) {
    const isWord = splitIdeographs && isIdeograph(origin.char);
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
