import { ATTRIBUTE_RULES, OUTPUT_MODES, type AttributeName } from './attributes.js';
import { ConfigError } from './base/errors.js';
import { isList, isNumber, isTruthy, toNumber, typeName, type PythonValue } from './python-value.js';
import { quoted } from './python-repr.js';

/**
 * Checks one value as upstream does when an attribute is set: its type first, then its floor or its choices.
 * @throws ConfigError, a TypeError or a ValueError in upstream's words
 */
export function checkAttribute(name: AttributeName, value: PythonValue): void {
  const { hint, floor, splits, choices } = ATTRIBUTE_RULES[name];
  if (!hint.accepts(value)) {
    throw new ConfigError(
      'TypeError',
      `Setting \`IPUConfig\` attribute: ${name}, type: ${hint.text}` +
        ` with value=${quoted(value)}, type: <class '${typeName(value)}'> is invalid.`,
    );
  }
  if (value === null) return;
  if (floor !== undefined) checkFloor(name, value, floor);
  if (splits) checkSplits(name, value);
  if (choices !== undefined && !choices.includes(value as string)) {
    throw new ConfigError(
      'ValueError',
      `\`IPUConfig\` attribute \`${name}\` can only take values in` +
        ` (${OUTPUT_MODES.map((mode) => `'${mode}'`).join(', ')}). You provided: value=${quoted(value)}`,
    );
  }
}

function checkFloor(name: AttributeName, value: PythonValue, floor: number): void {
  const isBelow = (element: PythonValue): boolean => isNumber(element) && !(toNumber(element) >= floor);
  if (isList(value) ? !value.some(isBelow) : !isBelow(value)) return;
  const what = isList(value) ? 'have all elements' : 'be';
  throw new ConfigError(
    'ValueError',
    `\`IPUConfig\` attribute \`${name}\` must ${what} >= ${floor}. You provided value=${quoted(value)}`,
  );
}

function checkSplits(name: AttributeName, value: PythonValue): void {
  checkFloor(name, value, 0);
  const elements = isList(value) ? value : [];
  const used = elements.flatMap((element, ipu) => (isTruthy(element) ? [ipu] : []));
  const first = used[0];
  const last = used.at(-1);
  if (first === undefined || last === undefined) {
    throw new ConfigError(
      'ValueError',
      `\`IPUConfig\` attribute \`${name}=${quoted(value)}\` must have atleast 1 split on 1 IPU.`,
    );
  }
  if (last - first + 1 !== used.length) {
    throw new ConfigError(
      'ValueError',
      `\`IPUConfig\` attribute \`${name}=${quoted(value)}\` must have its splits on consecutive IPUs.`,
    );
  }
}
