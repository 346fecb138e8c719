import { emptyHash, extendHash } from './rolling-hash.js';

/** Of a slot: the hash, where the piece's units start, how many they are (0 in a free slot), and its id. */
const SLOT_FIELDS = 4;

/**
 * Ids of pieces by their UTF-16 units. A hash table that is asked with a range of units and its rolling hash, so that
 * looking a part of a word up makes no string.
 */
export class PieceTable {
  /** Units in the longest piece. */
  readonly longest: number;
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** Units of all pieces, one after another. */
  readonly #units: Uint16Array;

  /** @param pieces each text once; empty ones are left out, for they are part of no word */
  constructor(pieces: readonly (readonly [string, number])[]) {
    const count = 2 ** Math.ceil(Math.log2(2 * pieces.length + 2));
    const slots = new Int32Array(SLOT_FIELDS * count);
    const units = new Uint16Array(pieces.reduce((sum, [text]) => sum + text.length, 0));
    let longest = 0;
    let from = 0;
    for (const [text, id] of pieces) {
      const { length } = text;
      if (length === 0) continue;
      let hash = emptyHash;
      for (let at = 0; at < length; at++) {
        const unit = text.charCodeAt(at);
        hash = extendHash(hash, unit);
        units[from + at] = unit;
      }
      let slot = SLOT_FIELDS * (mix(hash) & (count - 1));
      while (slots[slot + 2] !== 0) slot = (slot + SLOT_FIELDS) % slots.length;
      slots[slot] = hash;
      slots[slot + 1] = from;
      slots[slot + 2] = length;
      slots[slot + 3] = id;
      from += length;
      longest = Math.max(longest, length);
    }
    this.longest = longest;
    this.#slots = slots;
    this.#mask = count - 1;
    this.#units = units;
  }

  /** Id of the piece that is `units[from, to)`, whose rolling hash is given; −1 when there is none. */
  find(hash: number, units: Uint16Array, from: number, to: number): number {
    const slots = this.#slots;
    for (let at = mix(hash) & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = SLOT_FIELDS * at;
      const length = slots[slot + 2]!;
      if (length === 0) return -1;
      if (slots[slot] === hash && length === to - from && this.#isAt(slots[slot + 1]!, units, from, to)) {
        return slots[slot + 3]!;
      }
    }
  }

  #isAt(place: number, units: Uint16Array, from: number, to: number): boolean {
    const own = this.#units;
    const shift = place - from;
    for (let at = from; at < to; at++) if (units[at] !== own[at + shift]) return false;
    return true;
  }
}

/** Brings the upper bits down to where the mask looks. */
function mix(hash: number): number {
  return hash ^ (hash >>> 15);
}
