/**
 * A number that was written as a float and is integral: `4.0`, `1e3`.
 * Upstream is Python: it prints 4.0 and 4 differently and refuses the one where it takes the other.
 */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Key order is kept, for integer-like keys too, as in a Python dict. */
export type PythonDict = ReadonlyMap<string, PythonValue>;

/**
 * A JSON value as Python sees it. A plain number is an int when it is integral and a float otherwise;
 * a bigint is an int that a JavaScript number cannot hold.
 */
export type PythonValue =
  null | boolean | number | bigint | PythonFloat | string | readonly PythonValue[] | PythonDict;

/** What `JSON.stringify` takes. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export function isDict(value: PythonValue): value is PythonDict {
  return value instanceof Map;
}

export function isList(value: PythonValue): value is readonly PythonValue[] {
  return Array.isArray(value);
}

/** Python's `isinstance(value, int)`, which is also true of a bool. */
export function isInt(value: PythonValue): value is number | bigint | boolean {
  return typeof value === 'boolean' || typeof value === 'bigint' || Number.isInteger(value);
}

/** Python's `isinstance(value, (int, float))`. */
export function isNumber(value: PythonValue): value is number | bigint | boolean | PythonFloat {
  return isInt(value) || typeof value === 'number' || value instanceof PythonFloat;
}

/** The number behind an int, a bool or a float. */
export function toNumber(value: number | bigint | boolean | PythonFloat): number {
  return value instanceof PythonFloat ? value.value : Number(value);
}

/** Python's truth value: false for None, zero, and empty strings, lists and dicts. */
export function isTruthy(value: PythonValue): boolean {
  if (isList(value)) return value.length > 0;
  if (isDict(value)) return value.size > 0;
  return value instanceof PythonFloat ? value.value !== 0 : Boolean(value);
}

/** Takes a JavaScript value in: objects become dicts, a missing value is None. */
export function toPython(value: unknown): PythonValue {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(toPython);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [String(k), toPython(v)]));
  if (value instanceof PythonFloat) return value;
  if (typeof value === 'object') {
    return new Map(Object.entries(value).map(([k, v]) => [k, toPython(v)]));
  }
  if (typeof value === 'boolean' || typeof value === 'number') return value;
  return typeof value === 'bigint' || typeof value === 'string' ? value : `<${typeof value}>`;
}

/** Gives a JavaScript value out: floats become numbers, dicts become objects. */
export function fromPython(value: PythonValue): JsonValue {
  if (isList(value)) return value.map(fromPython);
  if (isDict(value)) return Object.fromEntries([...value].map(([k, v]) => [k, fromPython(v)]));
  if (value instanceof PythonFloat) return value.value;
  return typeof value === 'bigint' ? Number(value) : value;
}

/** `int`, `float`, `str`, `bool`, `NoneType`, `list` or `dict`. */
export function typeName(value: PythonValue): string {
  if (value === null) return 'NoneType';
  if (isList(value)) return 'list';
  if (isDict(value)) return 'dict';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  return isInt(value) ? 'int' : 'float';
}
