import { basicTokens } from '../../tokenizer/basic-tokens.js';

/**
 * Finds a normalised answer in the original text: the part of `original` whose characters, spaces and case apart,
 * are those of `predicted`. Where the two cannot be matched character by character the whole original is given, as
 * transformers' data/metrics/squad_metrics.py (`get_final_text`) does.
 */
export function finalText(predicted: string, original: string, lowerCase: boolean): string {
  const wanted = [...predicted];
  const tokenized = [...basicTokens(original, lowerCase).join(' ')];
  const position = find(tokenized, wanted);
  if (position < 0) return original;
  const characters = [...original];
  const placesInOriginal = placesWithoutSpaces(characters);
  const placesInTokenized = placesWithoutSpaces(tokenized);
  if (placesInOriginal.length !== placesInTokenized.length) return original;
  const placeOf = (at: number): number | undefined => placesInOriginal[placesInTokenized.indexOf(at)];
  const start = placeOf(position);
  const end = placeOf(position + wanted.length - 1);
  if (start === undefined || end === undefined) return original;
  return characters.slice(start, end + 1).join('');
}

/** `place[k]` is where the k-th character that is no space stands. */
function placesWithoutSpaces(characters: readonly string[]): number[] {
  return characters.flatMap((char, at) => (char === ' ' ? [] : [at]));
}

/** First place of a run of characters; −1 where there is none. */
function find(characters: readonly string[], run: readonly string[]): number {
  for (let at = 0; at + run.length <= characters.length; at++) {
    if (run.every((char, k) => characters[at + k] === char)) return at;
  }
  return -1;
}
