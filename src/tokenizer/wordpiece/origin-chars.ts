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

/**
 * Canonical composition (NFC) that knows where its characters come from: a composed character covers the ranges of
 * all its parts.
 */
export function compose(chars: readonly OriginChar[]): OriginChar[] {
  const text = chars.map(({ char }) => char).join('');
  const composed = text.normalize('NFC');
  if (composed === text) return [...chars];
  const parts = flatMapChars(chars, (char) => char.normalize('NFD'));
  const used = new Array<boolean>(parts.length).fill(false);
  let first = 0;
  return [...composed].map((char) => {
    let range: OriginChar | undefined;
    for (const part of char.normalize('NFD')) {
      // Marks may have changed places, so a part is the first equal one that no earlier character has used.
      let at = first;
      while (at < parts.length && (used[at] || parts[at]!.char !== part)) at++;
      const { start, end } = parts[at]!;
      used[at] = true;
      while (used[first]) first++;
      range = { char, start: Math.min(start, range?.start ?? start), end: Math.max(end, range?.end ?? end) };
    }
    return range!;
  });
}
