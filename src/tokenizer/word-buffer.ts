/**
 * One word of normalised text while it is read: its UTF-16 units, and for each the range `[start, end)` of the original
 * that it comes from. Used over and over, so that reading a text makes no objects.
 */
export class WordBuffer {
  units = new Uint16Array(256);
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  length = 0;

  push(unit: number, start: number, end: number): void {
    if (this.length === this.units.length) this.#grow();
    this.units[this.length] = unit;
    this.starts[this.length] = start;
    this.ends[this.length++] = end;
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
    const size = this.units.length * 2;
    const { units, starts, ends } = this;
    this.units = new Uint16Array(size);
    this.units.set(units);
    this.starts = new Int32Array(size);
    this.starts.set(starts);
    this.ends = new Int32Array(size);
    this.ends.set(ends);
  }
}

function isFirstOfPair(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isSecondOfPair(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
