/** Where the pieces that begin a word start, and those that continue one. */
export const INITIAL = 0;
export const CONTINUING = 1;
export const NO_NODE = -1;

const FREE = -1;
/** Of a slot: the parent node, the UTF-16 unit, the child. */
const SLOT_FIELDS = 3;

/**
 * Pieces as two tries over UTF-16 units that share one hash table of edges. Finding a child is one look into the table
 * however many pieces there are, and no strings are made.
 */
export class PieceTrie {
  #slots = emptySlots(1 << 16);
  #mask = (1 << 16) - 1;
  /** Piece of each node, −1 where none ends. */
  #pieces = new Int32Array(1 << 15).fill(-1);
  #nodes = 2;

  /** A later piece of the same text replaces the earlier. */
  add(root: number, text: string, id: number): void {
    let node = root;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      const child = this.child(node, unit);
      node = child === NO_NODE ? this.#grow(node, unit) : child;
    }
    if (text.length > 0) this.#pieces[node] = id;
  }

  child(node: number, unit: number): number {
    const slots = this.#slots;
    for (let slot = hash(node, unit) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * SLOT_FIELDS;
      if (slots[at] === node && slots[at + 1] === unit) return slots[at + 2]!;
      if (slots[at] === FREE) return NO_NODE;
    }
  }

  /** The piece that ends at a node, −1 when none does. */
  piece(node: number): number {
    return this.#pieces[node]!;
  }

  #grow(parent: number, unit: number): number {
    const child = this.#nodes++;
    if (this.#nodes > this.#pieces.length) {
      const grown = new Int32Array(this.#pieces.length * 2).fill(-1);
      grown.set(this.#pieces);
      this.#pieces = grown;
    }
    if (this.#nodes * 2 > this.#mask) this.#rehash();
    insert(this.#slots, this.#mask, parent, unit, child);
    return child;
  }

  #rehash(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = emptySlots(this.#mask + 1);
    for (let at = 0; at < old.length; at += SLOT_FIELDS) {
      if (old[at] !== FREE) insert(this.#slots, this.#mask, old[at]!, old[at + 1]!, old[at + 2]!);
    }
  }
}

function emptySlots(count: number): Int32Array {
  return new Int32Array(count * SLOT_FIELDS).fill(FREE);
}

function insert(slots: Int32Array, mask: number, parent: number, unit: number, child: number): void {
  let slot = hash(parent, unit) & mask;
  while (slots[slot * SLOT_FIELDS] !== FREE) slot = (slot + 1) & mask;
  slots.set([parent, unit, child], slot * SLOT_FIELDS);
}

/** Multipliers are odd with well-mixed bits; the shift brings the upper ones down to where the mask looks. */
function hash(node: number, unit: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
