import { flatMapChars, textOf, type OriginChar } from '../steps/origin-chars.js';

/**
 * Canonical composition (NFC) that knows where its characters come from: a composed character covers the ranges of
 * all its parts.
 */
export function compose(chars: readonly OriginChar[]): OriginChar[] {
  const text = textOf(chars);
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
