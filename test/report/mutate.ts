/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }
}

/** Bytes with one thing wrong: flipped, cut out, doubled, put in, or the rest missing. */
export function mutatedBytes(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(bytes.length);
  const length = 1 + dice.below(16);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  return dice.one([
    () => Buffer.concat([before, Buffer.from([bytes[at]! ^ (1 << dice.below(8))]), after.subarray(1)]),
    () => Buffer.concat([before, after.subarray(length)]),
    () => Buffer.concat([before, after.subarray(0, length), after]),
    () => Buffer.concat([before, Buffer.from(Array.from({ length }, () => dice.below(256))), after]),
    () => Buffer.from(before),
  ])();
}

const STRANGE: readonly unknown[] = [
  ...[null, true, 0, -1, 1, 1.5, 2 ** 31, 1e9, 2 ** 53, 1e308, '', 'F', 'x'.repeat(100_000), '__proto__'],
  ...[[], {}, [1], [[[]]], { a: 1 }],
];

/** A copy of a value with one part of it, however deep, changed, left out, doubled or of another type. */
export function mutatedValue(value: unknown, dice: Dice): unknown {
  const copy = structuredClone(value);
  const places = placesIn(copy);
  const [holder, key] = dice.one(places);
  const old = holder[key];
  const changed = dice.below(6);
  if (changed === 0 && !Array.isArray(holder)) delete holder[key];
  else if (changed === 1 && Array.isArray(holder)) holder.push(structuredClone(old));
  else if (changed <= 3 && typeof old === 'number')
    holder[key] = dice.one([old * 10, old + 1, -old, old / 3, old * 1e6]);
  else holder[key] = dice.one(STRANGE);
  return copy;
}

type Holder = Record<string | number, unknown>;

function placesIn(value: unknown): (readonly [Holder, string])[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Holder;
  return Object.entries(holder).flatMap(([key, part]) => [[holder, key] as const, ...placesIn(part)]);
}
