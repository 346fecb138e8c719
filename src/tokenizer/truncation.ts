import { InputError } from '../../ipu-config/base/errors.js';
import type { TokenizerFlavour } from './base/tokenizer.js';

export const TRUNCATIONS = ['none', 'longest_first', 'only_first', 'only_second'] as const;
export type Truncation = (typeof TRUNCATIONS)[number];

export interface Lengths {
  readonly first: number;
  /** Undefined where there is no second text. */
  readonly second: number | undefined;
}

/**
 * How many pieces of each text are kept so that both together have at most `room`; as many as there are where the
 * special tokens alone are too many (fast), or the one text would lose all its pieces (slow).
 * @throws InputError in the fast flavour when the text that may be cut is too short; the slow one, like upstream's,
 *   then cuts nothing
 */
export function truncated(
  lengths: Lengths,
  room: number,
  how: Truncation,
  flavour: TokenizerFlavour,
): Lengths {
  const { first, second } = lengths;
  const excess = first + (second ?? 0) - room;
  if (how === 'none' || excess <= 0) return lengths;
  if (flavour === 'fast' && room <= 0) return room < 0 ? lengths : { first: 0, second: second && 0 };
  if (how === 'longest_first') {
    if (second === undefined) return flavour === 'slow' && room <= 0 ? lengths : { first: room, second };
    return flavour === 'slow' ? takeFromLonger(first, second, excess) : shareRoom(first, second, room);
  }
  const cut = how === 'only_first' ? first : second;
  if (cut !== undefined && cut > excess) {
    return how === 'only_first' ? { first: first - excess, second } : { first, second: second! - excess };
  }
  if (flavour === 'slow') return lengths;
  const which = how === 'only_first' ? 'first' : 'second';
  const has = cut === undefined ? 'there is none' : `it has ${cut}`;
  throw new InputError(
    `the texts have ${excess} pieces more than there is room for; truncation ${how} may cut the ${which} text, but ${has}.`,
  );
}

/** One piece after another from the longer text, from the second when both are equal (transformers). */
function takeFromLonger(first: number, second: number, excess: number): Lengths {
  let [a, b] = [first, second];
  for (let left = excess; left > 0; left--) {
    if (a > b) a--;
    else b = Math.max(0, b - 1);
  }
  return { first: a, second: b };
}

/** The shorter text stays whole while it leaves the longer one more than its own length; else half each (tokenizers). */
function shareRoom(first: number, second: number, room: number): Lengths {
  let short = Math.min(first, second);
  let long = short > room ? short : Math.max(short, room - short);
  if (short + long > room) {
    short = Math.floor(room / 2);
    long = short + (room % 2);
  }
  return first > second ? { first: long, second: short } : { first: short, second: long };
}
