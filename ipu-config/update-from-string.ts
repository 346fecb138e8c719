import { ConfigError } from './base/errors.js';
import type { IpuConfig } from './ipu-config.js';
import { parseJson } from './parse-json.js';
import { quoted } from './python-repr.js';
import { isInt, isList, PythonFloat, typeName, type PythonValue } from './python-value.js';

const YES = ['true', '1', 'y', 'yes'];
const NO = ['false', '0', 'n', 'no'];

/**
 * Sets attributes from text such as `gradient_accumulation_steps=32,layers_per_ipu=[6 6 6 6]`: pairs apart by
 * commas, elements of lists apart by spaces. A value is read as the type that the attribute has now.
 * As upstream, pairs before a mistake stay set.
 * @throws ConfigError naming the key and the value
 */
export function updateFromString(config: IpuConfig, update: string): void {
  for (const [key, text] of pairs(update)) config.set(key, readAs(current(config, key), key, text));
}

function pairs(update: string): Map<string, string> {
  const found = update.split(',').map((pair, i) => {
    const parts = pair.split('=');
    const [key, text] = parts;
    if (parts.length === 2 && key !== undefined && text !== undefined) return [key, text] as const;
    throw new ConfigError(
      'ValueError',
      `dictionary update sequence element #${i} has length ${parts.length}; 2 is required` +
        ` (${quoted(pair)} should be key=value; the elements of a list are separated by spaces)`,
    );
  });
  return new Map(found);
}

function current(config: IpuConfig, key: string): PythonValue {
  if (key === 'mode') return config.mode;
  try {
    return config.raw(config.resolveName(key));
  } catch {
    throw new ConfigError('ValueError', `Key ${key} isn't in the original config dict`);
  }
}

function readAs(old: PythonValue, key: string, text: string): PythonValue {
  if (typeof old === 'boolean') {
    if (YES.includes(text.toLowerCase())) return true;
    if (NO.includes(text.toLowerCase())) return false;
    throw new ConfigError('ValueError', `Can't derive true or false from ${text} (key ${key})`);
  }
  if (isInt(old)) return readInt(text);
  if (typeName(old) === 'float') return readFloat(text);
  if (isList(old)) return parseJson(text.replaceAll(' ', ','), `the value of ${key}`).value;
  if (typeof old === 'string') return text;
  throw new ConfigError(
    'ValueError',
    `You can only update int, float, bool, list or string values in the config, got ${text} for key ${key}`,
  );
}

function readInt(text: string): PythonValue {
  const digits = text.trim();
  if (!/^[+-]?\d+(_\d+)*$/.test(digits)) {
    throw new ConfigError('ValueError', `invalid literal for int() with base 10: ${quoted(text)}`);
  }
  const value = Number(digits.replaceAll('_', ''));
  return Number.isSafeInteger(value) ? value : BigInt(digits.replaceAll('_', '').replace(/^\+/, ''));
}

function readFloat(text: string): PythonValue {
  const digits = text.trim();
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/i.test(digits)) {
    throw new ConfigError('ValueError', `could not convert string to float: ${quoted(text)}`);
  }
  const value = Number(digits.replaceAll('_', ''));
  return Number.isInteger(value) ? new PythonFloat(value) : value;
}
