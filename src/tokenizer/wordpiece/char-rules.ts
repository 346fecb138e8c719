import type { BasicOptions } from './basic-options.js';
import {
  foldedChars,
  isDropped,
  isIdeograph,
  isPunctuation,
  isSpace,
  isWhiteSpace,
  withoutMarks,
} from '../base/unicode.js';

/** A character that belongs to the word around it, is a word by itself, or separates words. */
export const PLAIN = 0;
export const ALONE = 1;
export const SPACE = 2;
/** It becomes nothing, or is not one UTF-16 unit before or after: see `parts`. */
export const OTHER = 3;

/** A character of the normalised text. */
export interface NormalPart {
  readonly text: string;
  readonly kind: typeof PLAIN | typeof ALONE | typeof SPACE;
}

const KNOWN = 1 << 18;
const OTHER_RULE = KNOWN | (OTHER << 16);

/**
 * What the basic tokenizer makes of a character by itself, worked out once for each. All rules but canonical
 * composition and tokens that are never split are of this form.
 */
export class CharRules {
  readonly #options: BasicOptions;
  /** By UTF-16 unit: `KNOWN`, kind, and in the low 16 bits what it becomes; 0 when not worked out yet. */
  readonly #table = new Int32Array(1 << 16);
  readonly #parts = new Map<number, readonly NormalPart[]>();

  constructor(options: BasicOptions) {
    this.#options = options;
    this.#table.fill(OTHER_RULE, 0xd800, 0xe000);
  }

  /** Kind in bits 16 and 17, the unit it becomes in the low 16: look at `ruleKind` and `ruleUnit`. */
  rule(unit: number): number {
    return this.#table[unit]! || this.#learn(unit);
  }

  /** What a character becomes; nothing when it is dropped. */
  parts(codePoint: number): readonly NormalPart[] {
    const known = this.#parts.get(codePoint);
    if (known) return known;
    const parts = normalParts(String.fromCodePoint(codePoint), this.#options);
    this.#parts.set(codePoint, parts);
    return parts;
  }

  #learn(unit: number): number {
    const parts = normalParts(String.fromCharCode(unit), this.#options);
    const [first] = parts;
    const isOne = first !== undefined && parts.length === 1 && first.text.length === 1;
    const rule = isOne ? KNOWN | (first.kind << 16) | first.text.charCodeAt(0) : OTHER_RULE;
    this.#table[unit] = rule;
    return rule;
  }
}

export function ruleKind(rule: number): number {
  return (rule >>> 16) & 3;
}

export function ruleUnit(rule: number): number {
  return rule & 0xffff;
}

/** The two flavours drop, lower and strip in different order. */
function normalParts(char: string, options: BasicOptions): readonly NormalPart[] {
  const { lowerCase, stripAccents } = options;
  if (options.flavour === 'fast') {
    if (options.cleanText && isDropped(char, false)) return [];
    const isWord = options.splitIdeographs && isIdeograph(char, 'fast');
    return foldedChars(char, options).map((text) => ({ text, kind: isWord ? ALONE : kindOf(text) }));
  }
  const lowered = lowerCase ? [...char.toLowerCase()] : [char];
  return lowered
    .filter((part) => !isDropped(part, true))
    .flatMap((part): NormalPart[] => {
      if (isSpace(part)) return [{ text: part, kind: SPACE }];
      const isWord = options.splitIdeographs && isIdeograph(part, 'slow');
      const stripped = stripAccents ? withoutMarks(part) : [part];
      return stripped.map((text) => ({ text, kind: isWord || isPunctuation(text) ? ALONE : PLAIN }));
    });
}

function kindOf(char: string): NormalPart['kind'] {
  if (isWhiteSpace(char.charCodeAt(0))) return SPACE;
  return isPunctuation(char) ? ALONE : PLAIN;
}
