import { percent } from '../../ipu-config/base/format.js';
import type { Tokenizer } from '../tokenizer/base/tokenizer.js';
import type { Encoding } from '../tokenizer/encode.js';
import { AGGREGATIONS, entitiesOf, type Entity, type LabelledPiece } from './entities.js';
import { softmax } from './likelihood.js';
import { whole, word } from './options.js';
import type { RowOutput, TaskDefinition } from './task.js';
import { outputOf, textRows } from './task-rows.js';

/** A text in which things are to be found. */
export interface TextToLabel {
  /** Of any length: what does not fit into a row is read in several that overlap. */
  readonly text: string;
}

/** What was found in a text, in its order. */
export interface LabelledText {
  readonly entities: readonly (Entity & { readonly text: string })[];
}

const OPTIONS = {
  aggregation: word(AGGREGATIONS, `how pieces become entities: ${AGGREGATIONS.join(', ')}`, 'simple'),
  stride: whole(
    0,
    'pieces that neighbouring rows of a long text share (default: a third of a row)',
    undefined,
  ),
};

/** Finds names and the like in texts. */
export const label: TaskDefinition<TextToLabel, LabelledText, typeof OPTIONS> = {
  name: 'label',
  about: 'find names and the like in texts of any length, with a token-classification model',
  fields: { text: { kind: 'text', about: 'what to look through', long: true } },
  options: OPTIONS,
  head: () => 'token-classification',
  begin(context, { aggregation, stride = Math.floor(context.maxLength / 3) }) {
    const { tokenizer, config, maxLength } = context;
    return {
      rows: ({ text }) => textRows(tokenizer, text, { maxLength, stride }),
      result: ({ text }, rows, outputs) => {
        const pieces = piecesOf(tokenizer, text, rows, outputs, stride);
        const entities = entitiesOf(pieces, config.id2label, aggregation);
        return {
          entities: entities.map((entity) => ({ ...entity, text: text.slice(entity.start, entity.end) })),
        };
      },
    };
  },
  text: ({ entities }, _input, { strong, faint }) =>
    entities
      .map((entity) => `${strong(entity.text)} ${entity.label} ${faint(percent(entity.score))}`)
      .join(', ') || faint('no entities'),
};

/** Each piece of the text once, with the scores of the row that shows most of what stands around it. */
function piecesOf(
  tokenizer: Tokenizer,
  text: string,
  rows: readonly Encoding[],
  outputs: readonly RowOutput[],
  stride: number,
): LabelledPiece[] {
  const best: { piece: LabelledPiece; surroundings: number }[] = [];
  let from = 0;
  rows.forEach((row, w) => {
    const { shape, data } = outputOf(outputs[w], 'logits');
    const labels = shape[1]!;
    const places = [...row.ids.keys()].filter((place) => row.sequenceIds[place] === 0);
    const count = places.length;
    places.forEach((place, at) => {
      const surroundings = Math.min(at, count - 1 - at);
      const known = best[from + at];
      if (known && known.surroundings >= surroundings) return;
      const [start, end] = row.offsets[place]!;
      const logits = (data as Float32Array).subarray(place * labels, (place + 1) * labels);
      const continuesWord = tokenizer.continuesWord(row.ids[place]!, text, start);
      best[from + at] = { piece: { start, end, continuesWord, scores: softmax(logits) }, surroundings };
    });
    from += count - stride;
  });
  return best.map(({ piece }) => piece);
}
