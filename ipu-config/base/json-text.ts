import { parse, type ParseError } from 'jsonc-parser';
import { CheckpointError } from './checkpoint-error.js';
import { lfsPointer } from './lfs-pointer.js';
import { reason } from './reason.js';

/**
 * The text of a file's UTF-8 bytes.
 * @param what how messages call the file
 * @throws CheckpointError when they are not UTF-8, or a Git LFS pointer.
 */
export function decodeUtf8(what: string, bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new CheckpointError(`${what} is not UTF-8 text: the file is damaged or of another kind.`, {
      cause: error,
    });
  }
  const pointer = lfsPointer(what, text);
  if (pointer !== undefined) throw new CheckpointError(pointer);
  return text;
}

const CONSTANTS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN/gs;
const NOT_A_NUMBER = '\ue000NaN';

/**
 * JSON, and the three numbers that Python's json module writes beyond it: `NaN`, `Infinity`, `-Infinity`.
 * @throws SyntaxError
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/Infinity|NaN/.test(text)) throw error;
    const plain = text.replace(CONSTANTS, (found) => {
      if (found.startsWith('"')) return found;
      return found === 'NaN' ? JSON.stringify(NOT_A_NUMBER) : found.replace('Infinity', '1e999');
    });
    return JSON.parse(plain, (_, value: unknown) => (value === NOT_A_NUMBER ? Number.NaN : value));
  }
}

/**
 * Strict JSON, but for the numbers that Python writes beyond it; a name that an object has twice is refused too, since only one of its values could be kept.
 * @param what how messages call the text
 * @param Refusal what is thrown; CheckpointError when absent
 * @throws CheckpointError with line and column.
 */
export function parseJson(
  what: string,
  text: string,
  Refusal: new (message: string, options?: ErrorOptions) => Error = CheckpointError,
): unknown {
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (error) {
    throw new Refusal(`${what} is not valid JSON: ${reason(error)}${position(text)}.`, {
      cause: error,
    });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) {
    const where = lineAndColumn(text, twice.offset);
    throw new Refusal(
      `${what} has the name ${brief(twice.key)} twice in one object (the second at ${where}): keep one.`,
    );
  }
  return value;
}

/** V8 does not always say where; jsonc-parser knows, but recurses, so a hostile nesting may stop it. */
function position(text: string): string {
  const errors: ParseError[] = [];
  try {
    parse(text, errors, { disallowComments: true });
  } catch {
    return '';
  }
  return errors[0] ? ` (${lineAndColumn(text, errors[0].offset)})` : '';
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset);
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}`;
}

/**
 * The first name that some object of `text` has twice. `text` must be valid JSON. One pass without recursion or
 * regular expressions: headers come from files that may be hostile.
 */
function duplicateKey(text: string): { key: string; offset: number } | undefined {
  // One entry per open bracket: the names seen so far in an object, null in an array.
  const open: (Set<string> | null)[] = [];
  let expectKey = false;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === '"') {
      const end = endOfString(text, at);
      if (expectKey) {
        const key = JSON.parse(text.slice(at, end)) as string;
        const keys = open.at(-1);
        if (keys?.has(key)) return { key, offset: at };
        keys?.add(key);
        expectKey = false;
      }
      at = end - 1;
    } else if (c === '{' || c === '[') {
      open.push(c === '{' ? new Set() : null);
      expectKey = c === '{';
    } else if (c === '}' || c === ']') {
      open.pop();
      expectKey = false;
    } else if (c === ',') {
      expectKey = open.at(-1) instanceof Set;
    }
  }
  return undefined;
}

/** One past the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
}

/** A value as JSON, short enough for a message: cut after `most` characters. */
export function brief(value: unknown, most = 80): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  let text: string;
  try {
    text = JSON.stringify(value) ?? 'missing';
  } catch {
    // JSON.stringify recurses where JSON.parse does not.
    text = 'nested too deeply to show';
  }
  return short(text, most);
}

/** The beginning of a text that came from outside. */
export function short(text: string, most = 80): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
