import { InputError } from '../../ipu-config/errors.js';
import type { BertTokenizer } from './bert-tokenizer.js';
import { truncated, type Truncation } from './truncation.js';
import type { TokenizedText } from './word-piece.js';

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
  readonly padding?: 'none' | 'max_length';
}

export interface BatchOptions extends Omit<EncodeOptions, 'padding'> {
  readonly padding?: 'none' | 'longest' | 'max_length';
  readonly padToMultipleOf?: number;
}

/** A part `[from, to)` of a tokenized text. */
export interface TextPart {
  readonly text: TokenizedText;
  readonly from: number;
  readonly to: number;
}

/**
 * One text, or a pair: `[CLS] first [SEP]`, `[CLS] first [SEP] second [SEP]`.
 * @throws InputError when truncation cannot make it fit (fast flavour only)
 */
export function encode(
  tokenizer: BertTokenizer,
  first: string,
  second?: string,
  options: EncodeOptions = {},
): Encoding {
  const { maxLength = tokenizer.modelMaxLength, truncation = 'none', addSpecialTokens = true } = options;
  const a = tokenizer.tokenize(first);
  // The fast tokenizer takes an empty second text for none.
  const isPair = second !== undefined && !(second === '' && tokenizer.flavour === 'fast');
  const b = isPair ? tokenizer.tokenize(second) : undefined;
  const specials = addSpecialTokens ? (b ? 3 : 2) : 0;
  const lengths = { first: a.ids.length, second: b?.ids.length };
  const kept = truncated(lengths, maxLength - specials, truncation, tokenizer.flavour);
  const encoding = assemble(
    tokenizer,
    { text: a, from: 0, to: kept.first },
    b && { text: b, from: 0, to: kept.second ?? 0 },
    addSpecialTokens,
  );
  if (options.padding === 'max_length') pad(tokenizer, encoding, checkedLength(maxLength));
  return encoding;
}

/** Several texts or pairs, padded to one length. */
export function encodeBatch(
  tokenizer: BertTokenizer,
  firsts: readonly string[],
  seconds?: readonly string[],
  options: BatchOptions = {},
): Encoding[] {
  const { padding = 'none', padToMultipleOf = 1, ...rest } = options;
  const encodings = firsts.map((first, at) => encode(tokenizer, first, seconds?.[at], rest));
  if (padding === 'none') return encodings;
  const longest = Math.max(0, ...encodings.map(({ ids }) => ids.length));
  const target =
    padding === 'longest' ? longest : checkedLength(options.maxLength ?? tokenizer.modelMaxLength);
  const length = Math.ceil(target / padToMultipleOf) * padToMultipleOf;
  for (const encoding of encodings) pad(tokenizer, encoding, length);
  return encodings;
}

function checkedLength(length: number): number {
  if (Number.isFinite(length)) return length;
  throw new InputError('padding to max_length needs a maxLength: the tokenizer has no limit of its own.');
}

/** Puts parts of texts and the special tokens around them into one row. */
export function assemble(
  tokenizer: BertTokenizer,
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
  if (addSpecialTokens) append(encoding, tokenizer.clsId, 0, -1, [0, 0]);
  [first, second].forEach((part, sequence) => {
    if (!part) return;
    const { ids, starts, ends } = part.text;
    for (let at = part.from; at < part.to; at++) {
      append(encoding, ids[at]!, sequence, sequence, [starts[at]!, ends[at]!]);
    }
    if (addSpecialTokens) append(encoding, tokenizer.sepId, sequence, -1, [0, 0]);
  });
  return encoding;
}

/** Fills a row up on the right; a longer one stays as it is. */
export function pad(tokenizer: BertTokenizer, encoding: Encoding, length: number): void {
  while (encoding.ids.length < length) {
    append(encoding, tokenizer.padId, 0, -1, [0, 0]);
    encoding.attentionMask[encoding.ids.length - 1] = 0;
  }
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
