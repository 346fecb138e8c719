import { InputError, InternalError } from '../../ipu-config/base/errors.js';
import type { Tokenizer } from '../tokenizer/base/tokenizer.js';
import { assemble, encode, type Encoding } from '../tokenizer/encode.js';
import { addedByLayout } from '../tokenizer/base/row-layout.js';
import { windowsOf } from '../tokenizer/windows.js';
import type { RowOutput, RowTensor } from './task.js';

export interface RowOptions {
  /** Most pieces in a row. */
  readonly maxLength: number;
  /** Cut what is too long, the longer text first; refused when absent. */
  readonly truncate?: boolean;
}

/**
 * A text, or a pair of texts, as one row.
 * @throws InputError for an empty text, or for one that is too long and may not be cut
 */
export function oneRow(
  tokenizer: Tokenizer,
  texts: { readonly [name: string]: string | undefined },
  { maxLength, truncate = false }: RowOptions,
): Encoding {
  for (const [name, text] of Object.entries(texts)) refuseEmpty(name, text);
  const [first = '', second] = Object.values(texts);
  if (truncate) return encode(tokenizer, first, second, { maxLength, truncation: 'longest_first' });
  const row = encode(tokenizer, first, second);
  if (row.ids.length <= maxLength) return row;
  const names = Object.keys(texts).filter((name) => texts[name] !== undefined);
  throw new InputError(
    `the ${names.join(' and ')} ${names.length > 1 ? 'have' : 'has'} ${row.ids.length} pieces, special ones included; ` +
      `a row has at most ${maxLength}. Shorten the text, raise the maximum length as far as the model has positions, ` +
      'or let it be cut (--truncate).',
  );
}

/**
 * A text of any length as overlapping rows, `[CLS] part [SEP]` in most models.
 * @param stride pieces that neighbouring parts share
 * @throws InputError for an empty text, or a stride that leaves no way forward
 */
export function textRows(
  tokenizer: Tokenizer,
  text: string,
  { maxLength, stride }: { readonly maxLength: number; readonly stride: number },
): Encoding[] {
  refuseEmpty('text', text);
  const whole = tokenizer.tokenize(text);
  const room = maxLength - addedByLayout(tokenizer.layout.single);
  if (room < whole.ids.length && room <= stride) {
    throw new InputError(
      `rows of ${maxLength} leave ${Math.max(0, room)} pieces for the text, which must be more than the ${stride} ` +
        'that neighbouring rows share. Give a larger maximum length or a smaller stride.',
    );
  }
  return windowsOf(whole.ids.length, room, stride, 'right').map(([from, to]) =>
    assemble(tokenizer, { text: whole, from, to }, undefined),
  );
}

export function refuseEmpty(name: string, text: string | undefined): void {
  if (text?.trim() === '') throw new InputError(`the ${name} is empty.`);
}

/** An output of the model by its name. */
export function outputOf(output: RowOutput | undefined, name: string): RowTensor {
  const found = output?.get(name);
  if (!found) throw new InternalError(`the last stage gave no ${name}`);
  return found;
}
