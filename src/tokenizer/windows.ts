import { InputError } from '../../ipu-config/base/errors.js';
import { assemble, pad, type Encoding } from './encode.js';
import { addedByLayout } from './base/row-layout.js';
import type { Side, Tokenizer } from './base/tokenizer.js';

export interface WindowOptions {
  /** Most pieces in a row, special tokens included. */
  readonly maxLength: number;
  /** Pieces of the context that two neighbouring windows share. */
  readonly stride: number;
  /** Fill every row up to `maxLength`; `none` when absent. */
  readonly padding?: 'none' | 'max_length';
}

/**
 * A question with each of the overlapping windows of a context: `[CLS] question [SEP] window [SEP]`, or what else the
 * tokenizer's layout of a pair is.
 * @throws InputError when the context needs several windows, but the question leaves no room for them to advance
 */
export function encodeWindows(
  tokenizer: Tokenizer,
  question: string,
  context: string,
  { maxLength, stride, padding = 'none' }: WindowOptions,
): Encoding[] {
  checkWhole('maxLength', maxLength);
  checkWhole('stride', stride);
  const first = tokenizer.tokenize(question);
  const second = tokenizer.tokenize(context);
  const room = maxLength - addedByLayout(tokenizer.layout.pair) - first.ids.length;
  if (room < second.ids.length && room <= stride) {
    throw new InputError(
      `the question has ${first.ids.length} pieces: in rows of ${maxLength} that leaves ${Math.max(0, room)} for the ` +
        `context, which must be more than the ${stride} that windows share. Shorten the question, or give a larger ` +
        'maximum length or a smaller stride.',
    );
  }
  const questionPart = { text: first, from: 0, to: first.ids.length };
  return windowsOf(second.ids.length, room, stride, tokenizer.truncationSide).map(([from, to]) => {
    const window = assemble(tokenizer, questionPart, { text: second, from, to });
    if (padding === 'max_length') pad(tokenizer, window, maxLength);
    return window;
  });
}

/**
 * Places `[from, to)` of at most `room` pieces that cover a text of `length`, neighbours sharing `stride`.
 * @param room more than `stride`, unless the text fits
 * @param cut `left`: the last part is full and comes first, as upstream cuts there
 */
export function windowsOf(length: number, room: number, stride: number, cut: Side): [number, number][] {
  const places: [number, number][] = [];
  for (let from = 0; ; from += room - stride) {
    const to = Math.min(length, from + room);
    places.push(cut === 'right' ? [from, to] : [length - to, length - from]);
    if (to === length) return places;
  }
}

function checkWhole(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 0) return;
  throw new InputError(`${name} is ${value}: it must be a whole number of at least 0.`);
}
