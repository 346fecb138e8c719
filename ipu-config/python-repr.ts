import { short } from './base/json-text.js';
import { PythonFloat, isDict, isList, type PythonValue } from './python-value.js';

/** Python's `repr(value)`: `[1, 2]`, `True`, `'x'`, `None`, `4.0`, `1e-05`. */
export function repr(value: PythonValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return reprString(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof PythonFloat) return reprFloat(value.value);
  if (typeof value === 'number') return Number.isInteger(value) ? reprInt(value) : reprFloat(value);
  if (isList(value)) return `[${value.map(repr).join(', ')}]`;
  if (isDict(value)) return `{${[...value].map(([k, v]) => `${repr(k)}: ${repr(v)}`).join(', ')}}`;
  return String(value);
}

/** A list of numbers as long as upstream's messages have it; more would hide what the message says. */
const MOST_QUOTED = 400;

/** `repr(value)` for a message: the beginning of what is long, of texts 80 characters. */
export function quoted(value: PythonValue): string {
  return typeof value === 'string' ? repr(short(value)) : short(repr(value), MOST_QUOTED);
}

/** Python's `str(value)` for a message: a string as it is, everything else as its repr; the beginning of what is long. */
export function str(value: PythonValue): string {
  return typeof value === 'string' ? short(value) : quoted(value);
}

/** One line for each thing, but only for the first of many. */
export function listed<T>(all: readonly T[], line: (each: T) => string): string {
  const most = 20;
  const more = all.length > most ? [`  … and ${all.length - most} more`] : [];
  return [...all.slice(0, most).map(line), ...more].join('\n');
}

function reprInt(value: number): string {
  return value === 0 ? '0' : BigInt(value).toString();
}

/** The shortest digits that read back the same, in fixed notation while 1e-4 <= |x| < 1e16. */
function reprFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa = '0', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 16) {
    const fixed = value.toFixed(Math.min(100, Math.max(1, decimals(mantissa) - exponent)));
    return fixed;
  }
  const sign = exponent < 0 ? '-' : '+';
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function decimals(mantissa: string): number {
  return mantissa.split('.')[1]?.length ?? 0;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function reprString(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  let text = '';
  for (const character of value) {
    if (character === quote) text += `\\${quote}`;
    else if (character in ESCAPES) text += ESCAPES[character];
    else if (isPrintable(character)) text += character;
    else text += escapeCode(character.codePointAt(0) ?? 0);
  }
  return quote + text + quote;
}

function isPrintable(character: string): boolean {
  return character === ' ' || !/[\p{C}\p{Z}]/u.test(character);
}

function escapeCode(code: number): string {
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
