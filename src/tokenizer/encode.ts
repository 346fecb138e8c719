import { InputError } from '../../ipu-config/base/errors.js';
import { addedByLayout, PLAIN_LAYOUT, type RowPart } from './base/row-layout.js';
import type { TokenizedText, Tokenizer } from './base/tokenizer.js';
import { truncated, type Truncation } from './truncation.js';

/** What a row of the model's input is made of; all arrays have one entry for each piece. */
export interface Encoding {
  readonly ids: number[];
  readonly typeIds: number[];
  readonly attentionMask: number[];
  /** 1 for `[CLS]`, `[SEP]` and padding that the encoder added. */
  readonly specialTokensMask: number[];
  /** Which text a piece is of, 0 or 1; −1 for added ones. */
  readonly sequenceIds: number[];
  /** UTF-16 offsets into that text, half open; `[0, 0]` for added ones. */
  readonly offsets: (readonly [number, number])[];
}

export interface EncodeOptions {
  /** Most pieces in the row; the tokenizer's own limit when absent. Only looked at with truncation or padding. */
  readonly maxLength?: number;
  /** `none` when absent. */
  readonly truncation?: Truncation;
  /** True when absent. */
  readonly addSpecialTokens?: boolean;
  /** `none` when absent; `longest` is for batches: to the longest row. */
  readonly padding?: 'none' | 'longest' | 'max_length';
  /** Rows that are padded get a length that this divides; 1 when absent. */
  readonly padToMultipleOf?: number;
}

/** Offsets of a piece that is of no text. */
const NOWHERE: readonly [number, number] = [0, 0];

/** A part `[from, to)` of a tokenized text. */
export interface TextPart {
  readonly text: TokenizedText;
  readonly from: number;
  readonly to: number;
}

/**
 * One text, or a pair, with special tokens around them as the tokenizer's layout says.
 * @throws InputError when truncation cannot make it fit (fast flavour only), or for options that cannot be
 */
export function encode(
  tokenizer: Tokenizer,
  first: string,
  second?: string,
  options: EncodeOptions = {},
): Encoding {
  // The fast tokenizer takes an empty second text for none, though not in a batch.
  const isNone = second === '' && tokenizer.flavour === 'fast';
  return encodeBatch(tokenizer, [first], isNone || second === undefined ? undefined : [second], options)[0]!;
}

/**
 * Several texts or pairs.
 * @throws InputError as `encode`, or when there are not as many second texts as first ones
 */
export function encodeBatch(
  tokenizer: Tokenizer,
  firsts: readonly string[],
  seconds?: readonly string[],
  options: EncodeOptions = {},
): Encoding[] {
  checkOptions(options);
  if (seconds && seconds.length !== firsts.length) {
    throw new InputError(`${firsts.length} texts with ${seconds.length} second texts do not make pairs.`);
  }
  const encodings = firsts.map((first, at) => encodeRow(tokenizer, first, seconds?.[at], options));
  const { padding = 'none', padToMultipleOf = 1 } = options;
  if (padding === 'none') return encodings;
  const longest = encodings.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const target =
    padding === 'longest' ? longest : checkedLength(options.maxLength ?? tokenizer.modelMaxLength);
  const length = Math.ceil(target / padToMultipleOf) * padToMultipleOf;
  for (const encoding of encodings) pad(tokenizer, encoding, length);
  return encodings;
}

function encodeRow(
  tokenizer: Tokenizer,
  first: string,
  second: string | undefined,
  options: EncodeOptions,
): Encoding {
  const { maxLength = tokenizer.modelMaxLength, truncation = 'none', addSpecialTokens = true } = options;
  const a = tokenizer.tokenize(first);
  const b = second === undefined ? undefined : tokenizer.tokenize(second);
  const { single, pair: both } = tokenizer.layout;
  const specials = addSpecialTokens ? addedByLayout(b ? both : single) : 0;
  const lengths = { first: a.ids.length, second: b?.ids.length };
  // To the slow tokenizer a limit of 0 is none.
  const isLimited = maxLength > 0 || tokenizer.flavour === 'fast';
  const kept = truncated(lengths, maxLength - specials, isLimited ? truncation : 'none', tokenizer.flavour);
  const partOf = (text: TokenizedText, count: number): TextPart => {
    const from = tokenizer.truncationSide === 'left' ? text.ids.length - count : 0;
    return { text, from, to: from + count };
  };
  const parts = [partOf(a, kept.first), b && partOf(b, kept.second ?? 0)] as const;
  return assemble(tokenizer, ...parts, addSpecialTokens);
}

function checkOptions({ maxLength, truncation = 'none', padding = 'none', ...rest }: EncodeOptions): void {
  const { padToMultipleOf: multiple = 1 } = rest;
  if (!Number.isInteger(multiple) || multiple < 1) {
    throw new InputError(`padToMultipleOf is ${multiple}: it must be a whole number of at least 1.`);
  }
  if (maxLength === undefined) return;
  if (maxLength !== Infinity && (!Number.isInteger(maxLength) || maxLength < 0)) {
    throw new InputError(`maxLength is ${maxLength}: it must be a whole number of at least 0.`);
  }
  if (truncation !== 'none' && padding !== 'none' && maxLength % multiple !== 0) {
    throw new InputError(
      `rows are cut to maxLength ${maxLength} and padded to a multiple of ${multiple}: give a maxLength that ${multiple} divides.`,
    );
  }
}

function checkedLength(length: number): number {
  if (Number.isFinite(length)) return length;
  throw new InputError('padding to max_length needs a maxLength: the tokenizer has no limit of its own.');
}

/** Puts parts of texts and the special tokens around them into one row. */
export function assemble(
  tokenizer: Tokenizer,
  first: TextPart,
  second: TextPart | undefined,
  addSpecialTokens = true,
): Encoding {
  const encoding: Encoding = {
    ids: [],
    typeIds: [],
    attentionMask: [],
    specialTokensMask: [],
    sequenceIds: [],
    offsets: [],
  };
  for (const part of layoutOf(tokenizer, second !== undefined, addSpecialTokens)) {
    if ('ids' in part) for (const id of part.ids) append(encoding, id, part.typeId, -1, NOWHERE);
    else if (part.text === 0) appendPart(encoding, first, part.typeId, 0);
    else if (second) appendPart(encoding, second, part.typeId, 1);
  }
  return encoding;
}

/** Without special tokens the slow tokenizer gives the second text the type of the first. */
function layoutOf(tokenizer: Tokenizer, isPair: boolean, addSpecialTokens: boolean): readonly RowPart[] {
  if (!isPair) return tokenizer.layout.single.filter((part) => addSpecialTokens || 'text' in part);
  if (addSpecialTokens) return tokenizer.layout.pair;
  return tokenizer.flavour === 'slow'
    ? PLAIN_LAYOUT.pair.map((part) => ({ ...part, typeId: 0 }))
    : tokenizer.layout.pair.filter((part) => 'text' in part);
}

function appendPart(encoding: Encoding, part: TextPart, typeId: number, sequenceId: number): void {
  const { ids, starts, ends } = part.text;
  for (let at = part.from; at < part.to; at++) {
    append(encoding, ids[at]!, typeId, sequenceId, [starts[at]!, ends[at]!]);
  }
}

/** Fills a row up on the tokenizer's side; a longer one stays as it is. */
export function pad(tokenizer: Tokenizer, encoding: Encoding, length: number): void {
  const had = encoding.ids.length;
  const missing = Math.max(0, length - had);
  const fill = <T>(values: T[], value: T): void => {
    values.length += missing;
    if (tokenizer.paddingSide === 'right') values.fill(value, had);
    else values.copyWithin(missing, 0, had).fill(value, 0, missing);
  };
  fill(encoding.ids, tokenizer.padId);
  fill(encoding.typeIds, 0);
  fill(encoding.attentionMask, 0);
  fill(encoding.specialTokensMask, 1);
  fill(encoding.sequenceIds, -1);
  fill(encoding.offsets, NOWHERE);
}

function append(
  encoding: Encoding,
  id: number,
  typeId: number,
  sequenceId: number,
  offsets: readonly [number, number],
): void {
  encoding.ids.push(id);
  encoding.typeIds.push(typeId);
  encoding.attentionMask.push(1);
  encoding.specialTokensMask.push(sequenceId < 0 ? 1 : 0);
  encoding.sequenceIds.push(sequenceId);
  encoding.offsets.push(offsets);
}

/** UTF-16 offsets as offsets of Unicode code points, as Python counts. */
export function codePointOffsets(
  text: string,
  offsets: readonly (readonly [number, number])[],
): [number, number][] {
  const points = new Array<number>(text.length + 1);
  let count = 0;
  for (let at = 0; at <= text.length; at++) {
    points[at] = count;
    const isFirstOfPair = at + 1 < text.length && text.codePointAt(at)! > 0xffff;
    if (isFirstOfPair) points[++at] = count;
    count++;
  }
  return offsets.map(([start, end]) => [points[start]!, points[end]!]);
}
