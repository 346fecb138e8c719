import type { Warning } from './base/warning.js';
import { visit, type ParseErrorCode } from 'jsonc-parser';
import { ConfigError } from './base/errors.js';
import { brief } from './base/json-text.js';
import { lfsPointer } from './base/lfs-pointer.js';
import { PythonFloat, type PythonValue } from './python-value.js';

export interface ParsedJson {
  readonly value: PythonValue;
  /** A key that stands twice in one object: the last one counts, as in Python. */
  readonly warnings: readonly Warning[];
}

/** Deeper nesting than any real configuration has; bounds the recursion of the parser. */
const MAX_DEPTH = 100;
/** Python's own limit. */
const MAX_DIGITS = 4300;

/**
 * Reads strict JSON (no comments, no trailing commas) and keeps what Python would keep: whether a number
 * was written as an int or as a float, and the order of keys.
 * @param file how messages call the text
 * @throws ConfigError of type JSONDecodeError with line and column of the first mistake
 */
export function parseJson(text: string, file = 'ipu_config.json'): ParsedJson {
  const pointer = lfsPointer(file, text);
  if (pointer !== undefined) throw new ConfigError('JSONDecodeError', pointer);
  const reader = new JsonReader(text, file);
  visit(text.replace(/^\ufeff/, ' '), reader, { disallowComments: true, allowTrailingComma: false });
  return { value: reader.root, warnings: reader.warnings };
}

type Container = PythonValue[] | Map<string, PythonValue>;

class JsonReader {
  root: PythonValue = null;
  readonly warnings: Warning[] = [];
  readonly #text: string;
  readonly #file: string;
  readonly #open: { readonly container: Container; key: string }[] = [];

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  onObjectBegin = (_offset: number, _length: number, line: number, column: number): void =>
    this.#begin(new Map(), line, column);
  onArrayBegin = (_offset: number, _length: number, line: number, column: number): void =>
    this.#begin([], line, column);
  onObjectEnd = (): void => void this.#open.pop();
  onArrayEnd = (): void => void this.#open.pop();

  onObjectProperty = (key: string, _offset: number, _length: number, line: number, column: number): void => {
    const top = this.#open.at(-1);
    if (top === undefined || Array.isArray(top.container)) return;
    if (top.container.has(key)) {
      const where = `${this.#file}, line ${line + 1}, column ${column + 1}`;
      const text = `${where}: ${brief(key)} stands twice in one object; the last value counts.`;
      this.warnings.push({ code: 'duplicate-key', text });
    }
    top.key = key;
  };

  onLiteralValue = (value: unknown, offset: number, length: number, line: number, column: number): void => {
    if (typeof value !== 'number') return this.#add(asValue(value));
    if (length > MAX_DIGITS) this.#fail(`a number has ${length} digits`, line, column);
    this.#add(toNumber(this.#text.slice(offset, offset + length)));
  };

  onError = (code: ParseErrorCode, _offset: number, _length: number, line: number, column: number): void => {
    this.#fail(MISTAKES[code] ?? 'this is not JSON', line, column);
  };

  #begin(container: Container, line: number, column: number): void {
    if (this.#open.length >= MAX_DEPTH) this.#fail(`nested more than ${MAX_DEPTH} deep`, line, column);
    this.#add(container);
    this.#open.push({ container, key: '' });
  }

  #add(value: PythonValue): void {
    const top = this.#open.at(-1);
    if (top === undefined) this.root = value;
    else if (Array.isArray(top.container)) top.container.push(value);
    else top.container.set(top.key, value);
  }

  #fail(mistake: string, line: number, column: number): never {
    const where = `${this.#file} is not valid JSON: line ${line + 1} column ${column + 1}`;
    throw new ConfigError('JSONDecodeError', `${where}: ${mistake}.`);
  }
}

function asValue(value: unknown): PythonValue {
  return typeof value === 'boolean' || typeof value === 'string' ? value : null;
}

function toNumber(text: string): PythonValue {
  const value = Number(text);
  if (/[.eE]/.test(text)) return Number.isInteger(value) ? new PythonFloat(value) : value;
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** jsonc-parser's ParseErrorCode, in words; the enum is erased at compile time, so the numbers stand here. */
const MISTAKES: Readonly<Record<number, string>> = {
  1: 'expected a value, found something that JSON does not know (strings need double quotes; NaN and comments are not JSON)',
  2: 'this number is not complete',
  3: 'expected a key in double quotes (a comma before the closing brace is not allowed)',
  4: 'expected a value',
  5: 'expected a colon after the key',
  6: 'expected a comma, or the end of the object or list',
  7: 'expected a closing brace }',
  8: 'expected a closing bracket ]',
  9: 'expected the end of the file',
  10: 'comments are not allowed',
  11: 'this comment does not end, and comments are not allowed',
  12: 'this string does not end on its line',
  13: 'this number is not complete',
  14: 'this \\u escape is not complete',
  15: 'this escape is not one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u',
  16: 'a control character must be written as an escape',
};
