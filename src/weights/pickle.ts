import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { OPCODES, STOP } from './pickle-opcodes.js';
import { PickleDict, PickleExtra, PickleGlobal, type PickleRules } from './pickle-values.js';
import { short } from '../../ipu-config/base/json-text.js';

/** The window ends before the pickle does: more bytes may help. */
export class PickleEndsError extends CheckpointError {}

const MARK = Symbol('mark');
const HIGHEST_PROTOCOL = 5;
/** Steps that a pickle may take; a state dict takes about 15 for each tensor. Bounds time and memory. */
const MOST_STEPS = 2 ** 20;
/** Longer integers mean nothing here. */
const MOST_INTEGER_BYTES = 128;

/**
 * Reads one pickle: a small machine with a stack, a memo, and only the opcodes that plain values and tensors need.
 * It calls no code of the file: a global is refused by name unless `rules` allow it, and what "calling" one means is
 * for `rules` to say.
 */
export class PickleReader {
  readonly #what: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #rules: PickleRules;
  readonly #memo = new Map<number, unknown>();
  #stack: unknown[] = [];
  #at: number;
  #steps = 0;

  /** @param what how messages call the file */
  constructor(what: string, bytes: Uint8Array, rules: PickleRules, at = 0) {
    this.#what = what;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#rules = rules;
    this.#at = at;
  }

  /** Where the next pickle begins. */
  get position(): number {
    return this.#at;
  }

  /**
   * The value of the next pickle.
   * @throws CheckpointError that names the opcode, its place, or the global that is refused
   */
  read(): unknown {
    this.#stack = [];
    this.#memo.clear();
    for (;;) {
      this.#spend(1);
      const opcode = this.#take(1);
      const code = this.#bytes[opcode]!;
      if (code === STOP) {
        const value = this.#pop();
        if (this.#stack.length > 0) throw this.#damaged('values are left over at its end');
        return value;
      }
      const run = OPCODES[code];
      if (run === undefined) {
        const shown = `0x${code.toString(16).padStart(2, '0')}`;
        throw this.#damaged(`the opcode ${shown} at byte ${opcode} is none that tensors need`);
      }
      run(this);
    }
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MOST_STEPS) {
      throw new CheckpointError(
        `${this.#what} has a pickle of more than ${MOST_STEPS} steps, which is more than tensors need.`,
      );
    }
  }

  /** Moves past `length` bytes; gives where they begin. */
  #take(length: number): number {
    const begin = this.#at;
    if (length > this.#bytes.length - begin) {
      throw new PickleEndsError(
        `${this.#what} ends in the middle of a pickle, at byte ${this.#bytes.length}.`,
      );
    }
    this.#at += length;
    return begin;
  }

  u8 = (): number => this.#bytes[this.#take(1)]!;
  u16 = (): number => this.#view.getUint16(this.#take(2), true);
  u32 = (): number => this.#view.getUint32(this.#take(4), true);
  i32 = (): number => this.#view.getInt32(this.#take(4), true);
  f64 = (): number => this.#view.getFloat64(this.#take(8), false);

  size64(): number {
    const size = this.#view.getBigUint64(this.#take(8), true);
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#damaged(`a length is ${size}`);
    return Number(size);
  }

  text(length: number, encoding = 'utf-8'): string {
    const begin = this.#take(length);
    return new TextDecoder(encoding).decode(this.#bytes.subarray(begin, begin + length));
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    const text = this.text((end < 0 ? this.#bytes.length + 1 : end) - this.#at);
    this.#take(1);
    return text;
  }

  /** A little-endian two's complement integer. */
  integer(length: number): number | bigint {
    if (length > MOST_INTEGER_BYTES) throw this.#damaged(`an integer has ${length} bytes`);
    const begin = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[begin + i]!);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** Bytes that are of no use to us. */
  extra(length: number): void {
    this.#take(length);
    this.push(new PickleExtra());
  }

  protocol(): void {
    const version = this.u8();
    if (version > HIGHEST_PROTOCOL)
      throw this.#damaged(`its protocol is ${version}, ${HIGHEST_PROTOCOL} is the highest`);
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  mark(): void {
    this.#stack.push(MARK);
  }

  /** The values since the last mark, which is removed too. */
  popMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.#damaged('a mark is missing');
    const values = this.#stack.splice(mark);
    values.shift();
    return values;
  }

  popTuple(length: number): void {
    if (this.#stack.length < length || this.#stack.slice(-length).includes(MARK)) {
      throw this.#damaged('its stack is too short');
    }
    this.push(this.#stack.splice(-length));
  }

  remember(index = this.#memo.size): void {
    this.#memo.set(index, this.#top());
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw this.#damaged(`memo ${index} is empty`);
    this.push(this.#memo.get(index));
  }

  append(values: unknown[] = [this.#pop()]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#damaged('a value is appended to what is no list');
    for (const value of values) list.push(value);
  }

  setItems(pairs: unknown[]): void {
    const dict = this.#top();
    if (!(dict instanceof PickleDict) || pairs.length % 2 !== 0) {
      throw this.#damaged('items are set on what is no dict');
    }
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i], pairs[i + 1]);
  }

  setItem(): void {
    const value = this.#pop();
    this.setItems([this.#pop(), value]);
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.#damaged('a global has no name');
    const found = new PickleGlobal(module, name);
    if (!this.#rules.allows(found)) {
      throw new CheckpointError(
        `${this.#what} refers to ${short(found.name)}, which no tensor needs: refused, because pickles can run code. ` +
          'Only load files that you trust with torch itself, and save them as safetensors.',
      );
    }
    this.push(found);
  }

  stackGlobal(): void {
    const name = this.#pop();
    this.global(this.#pop(), name);
  }

  reduce(): void {
    const args = this.#pop();
    const callable = this.#pop();
    if (!(callable instanceof PickleGlobal) || !Array.isArray(args))
      throw this.#damaged('it calls what is no global');
    for (const arg of args as unknown[]) if (Array.isArray(arg)) this.#spend(arg.length);
    this.push(this.#rules.call(callable, args));
  }

  /** State of an object: only dicts have any here (torch's version notes), and it is of no use to us. */
  build(): void {
    this.#pop();
    if (!(this.#top() instanceof PickleDict)) throw this.#damaged('it gives state to what is no dict');
  }

  persistent(): void {
    this.push(this.#rules.persistent(this.#pop()));
  }

  #pop(): unknown {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): unknown {
    const value = this.#stack.at(-1);
    if (this.#stack.length === 0 || value === MARK) throw this.#damaged('its stack is too short');
    return value;
  }

  #damaged(fault: string): CheckpointError {
    return new CheckpointError(
      `${this.#what} has a pickle that cannot be read: ${fault} (byte ${this.#at}).`,
    );
  }
}
