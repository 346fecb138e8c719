import { ConfigError } from 'ipu-pipeline';
import { pythonRepr as repr, type JsonValue, type PythonValue } from 'ipu-pipeline/config';
import { fromPython } from 'ipu-pipeline/internals';
import { Input, type Case, type ExpectedError } from './case.js';
import { KINDS } from './kinds.js';

export interface Outcome {
  readonly passed: boolean;
  /** What was wrong, for a case that failed. */
  readonly expected: string;
  readonly got: string;
}

/** Runs one case. A kind or an input field that is not known here fails; it is never skipped. */
export function runCase(item: Case): Outcome {
  const run = KINDS[item.kind];
  const expected = describeExpected(item);
  if (run === undefined) return { passed: false, expected, got: `unknown kind of case: ${item.kind}` };
  const input = new Input(item.input);
  let got: PythonValue;
  try {
    got = run(input, item.expected);
  } catch (error) {
    return judgeError(item, expected, error);
  }
  const unread = input.unread();
  if (unread.length > 0) {
    return { passed: false, expected, got: `input of an unknown form: ${unread.join(', ')} not understood` };
  }
  const passed = item.error === undefined && isCovered(item.expected ?? null, got);
  return { passed, expected, got: repr(got) };
}

function describeExpected({ expected, error }: Case): string {
  if (error === undefined) return repr(expected ?? null);
  return `${error.type}: ${error.match === undefined ? (error.message ?? '(any message)') : `/${error.match}/`}`;
}

function judgeError(item: Case, expected: string, error: unknown): Outcome {
  if (!(error instanceof ConfigError)) {
    return {
      passed: false,
      expected,
      got: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  const got = `${error.type}: ${error.message}`;
  return { passed: item.error !== undefined && fits(item.error, error), expected, got };
}

function fits(expected: ExpectedError, error: ConfigError): boolean {
  if (expected.type !== error.type) return false;
  if (expected.match !== undefined) return pythonRegExp(expected.match).test(error.message);
  if (expected.message === undefined) return true;
  const got = normalize(error.message, expected);
  return normalize(expected.message, expected) === got || namesSame(expected.message, got);
}

/** Whether a message in other words names the same attributes, quoted words and numbers. */
function namesSame(expected: string, got: string): boolean {
  const named = expected.match(/\w*_\w+|'[^']*'|-?\d+(\.\d+)?/g) ?? [];
  return named.every((name) => got.includes(name.replaceAll("'", '')));
}

/** Python prints a KeyError's message with quotes around it. */
function normalize(message: string, { type, unorderedLines }: ExpectedError): string {
  const text = type === 'KeyError' ? message.replace(/^'(.*)'$/s, '$1') : message;
  return unorderedLines ? text.split('\n').sort().join('\n') : text;
}

export function pythonRegExp(source: string): RegExp {
  const [, flags = '', rest = ''] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(source) ?? [];
  const body = rest.replaceAll('(?P<', '(?<').replaceAll('\\A', '^').replaceAll('\\Z', '$');
  return new RegExp(body, flags);
}

/** Equal as Python compares: 1, 1.0 and True are one value; a float that a case rounded is equal to 6 decimals. */
function isCovered(expected: PythonValue, got: PythonValue): boolean {
  return isSame(fromPython(expected), fromPython(got));
}

function isSame(a: JsonValue, b: JsonValue): boolean {
  if (typeof a === 'object' || typeof b === 'object') {
    if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const keys = Object.keys(a);
    const entry = (of: object, key: string): JsonValue => (of as Record<string, JsonValue>)[key] ?? null;
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && isSame(entry(a, key), entry(b, key)))
    );
  }
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  const [x, y] = [Number(a), Number(b)];
  return x === y || (!Number.isInteger(x) && Math.abs(x - y) <= 5.1e-7);
}
