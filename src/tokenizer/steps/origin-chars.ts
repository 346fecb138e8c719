/** A character of the normalised text, and the UTF-16 range `[start, end)` of the original that it comes from. */
export interface OriginChar {
  readonly char: string;
  readonly start: number;
  readonly end: number;
}

/** The code points of `text`, whose first stands at `from` in the original. */
export function originChars(text: string, from: number): OriginChar[] {
  const chars: OriginChar[] = [];
  let start = from;
  for (const char of text) {
    chars.push({ char, start, end: start + char.length });
    start += char.length;
  }
  return chars;
}

export function textOf(chars: readonly OriginChar[]): string {
  return chars.map(({ char }) => char).join('');
}

/** Replaces each character by others (or none), which inherit its range. */
export function flatMapChars(
  chars: readonly OriginChar[],
  f: (char: string) => Iterable<string>,
): OriginChar[] {
  const mapped: OriginChar[] = [];
  for (const origin of chars) {
    for (const char of f(origin.char)) mapped.push({ ...origin, char });
  }
  return mapped;
}
