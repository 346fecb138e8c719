import { InputError } from '../../ipu-config/base/errors.js';
import { percent } from '../../ipu-config/base/format.js';
import type { Tokenizer } from '../tokenizer/base/tokenizer.js';
import { likeliest, softmax } from './likelihood.js';
import { TRUNCATE, whole } from './options.js';
import type { TaskDefinition } from './task.js';
import { oneRow, outputOf } from './task-rows.js';

/** A text with gaps. */
export interface TextToFill {
  /** With one mask token at least, `[MASK]` in most vocabularies. */
  readonly text: string;
}

export interface MaskCandidate {
  /** A piece of the vocabulary, as text: with `##` or without a space before it where it continues a word. */
  readonly token: string;
  readonly id: number;
  readonly score: number;
}

export interface FilledMask {
  /** UTF-16 offsets of the mask in the text. */
  readonly start: number;
  readonly end: number;
  /** The likeliest first. */
  readonly candidates: readonly MaskCandidate[];
}

/** A text without its gaps, and the candidates for each of them. */
export interface FilledText {
  /** The text with the likeliest piece in the place of each mask. */
  readonly text: string;
  readonly masks: readonly FilledMask[];
}

const OPTIONS = { topK: whole(1, 'candidates for each mask', 5), ...TRUNCATE };

/** Guesses what stands in the place of each mask, each for itself. */
export const fill: TaskDefinition<TextToFill, FilledText, typeof OPTIONS> = {
  name: 'fill',
  about: 'guess what stands in the place of each [MASK], with a masked-LM or pre-training model',
  fields: { text: { kind: 'text', about: 'a text with [MASK] in it' } },
  options: OPTIONS,
  head: () => 'masked-lm',
  picks: true,
  begin: ({ tokenizer, maxLength }, { topK, truncate }) => ({
    rows: ({ text }) => {
      const row = oneRow(tokenizer, { text }, { maxLength, truncate });
      if (!row.ids.includes(tokenizer.maskId)) {
        const cut = truncate ? ' that is left after cutting' : '';
        throw new InputError(
          `the text has no ${tokenizer.vocabulary.specials.mask}${cut}: nothing is to be filled.`,
        );
      }
      return [{ ...row, picked: row.ids.flatMap((id, at) => (id === tokenizer.maskId ? [at] : [])) }];
    },
    result: ({ text }, [row], [output]) => {
      const { shape, data } = outputOf(output, 'logits');
      const vocabulary = shape[1]!;
      const masks = row!.picked!.map((at, mask): FilledMask => {
        const [start, end] = row!.offsets[at]!;
        const logits = (data as Float32Array).subarray(mask * vocabulary, (mask + 1) * vocabulary);
        return { start, end, candidates: candidates(tokenizer, logits, topK) };
      });
      return { text: filled(tokenizer, text, masks), masks };
    },
  }),
  text: ({ text, masks }, _input, { strong, faint }) =>
    [
      strong(text),
      ...masks.map((mask) =>
        faint(`  ${mask.candidates.map(({ token, score }) => `${token} ${percent(score)}`).join(', ')}`),
      ),
    ].join('\n'),
};

/** Rows of the vocabulary that no piece has (padding of the table) are no candidates. */
function candidates(tokenizer: Tokenizer, logits: Float32Array, topK: number): MaskCandidate[] {
  const probabilities = softmax(logits);
  return likeliest(probabilities.slice(0, tokenizer.vocabulary.pieces.length), topK).map((id) => ({
    token: tokenizer.textOf([id]),
    id,
    score: probabilities[id]!,
  }));
}

function filled(tokenizer: Tokenizer, text: string, masks: readonly FilledMask[]): string {
  let done = '';
  let from = 0;
  for (const {
    start,
    end,
    candidates: [best],
  } of masks) {
    done += tokenizer.textWith(text.slice(from, start), best!.id);
    from = end;
  }
  return done + text.slice(from);
}
