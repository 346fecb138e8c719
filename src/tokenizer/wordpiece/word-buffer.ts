import { emptyHash, extendHash } from './rolling-hash.js';

/**
 * One word of normalised text while it is read: its UTF-16 units, and for each the range `[start, end)` of the original
 * that it comes from. Used over and over, so that reading a text makes no objects.
 */
export class WordBuffer {
  units = new Uint16Array(256);
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  /** Rolling hash of the units before each, and of all. */
  hashes = new Int32Array(257).fill(emptyHash, 0, 1);
  length = 0;

  push(unit: number, start: number, end: number): void {
    const at = this.length++;
    if (at === this.units.length) this.#grow();
    this.units[at] = unit;
    this.starts[at] = start;
    this.ends[at] = end;
    this.hashes[at + 1] = extendHash(this.hashes[at]!, unit);
  }

  /** Both units of a surrogate pair get the range of the character. */
  pushText(text: string, start: number, end: number): void {
    for (let at = 0; at < text.length; at++) this.push(text.charCodeAt(at), start, end);
  }

  clear(): void {
    this.length = 0;
  }

  codePoints(): number {
    let count = this.length;
    for (let at = 1; at < this.length; at++) {
      if (isSecondOfPair(this.units[at]!) && isFirstOfPair(this.units[at - 1]!)) count--;
    }
    return count;
  }

  #grow(): void {
    const { units, starts, ends, hashes } = this;
    const size = units.length * 2;
    this.units = new Uint16Array(size);
    this.units.set(units);
    this.starts = new Int32Array(size);
    this.starts.set(starts);
    this.ends = new Int32Array(size);
    this.ends.set(ends);
    this.hashes = new Int32Array(size + 1);
    this.hashes.set(hashes);
  }
}

function isFirstOfPair(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isSecondOfPair(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
