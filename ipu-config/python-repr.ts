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

/** Python's `str(value)`: a string as it is, everything else as its repr. */
export function str(value: PythonValue): string {
  return typeof value === 'string' ? value : repr(value);
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
