import type { BertTokenizer } from '../tokenizer/bert-tokenizer.js';
import type { Encoding } from '../tokenizer/encode.js';
import { entitiesOf, type Aggregation, type Entity, type LabelledPiece } from './entities.js';
import type { RowOutput } from '../runs/length-buckets.js';
import { softmax } from './likelihood.js';
import { runTask } from '../runs/run-task.js';
import type { Task, TaskContext, TaskInputs, TaskResult, TaskSession } from './task.js';
import { outputOf, textRows } from './task-rows.js';

export interface TextToLabel {
  /** Of any length: what does not fit into a row is read in several that overlap. */
  readonly text: string;
}

export interface LabelledText {
  readonly entities: readonly (Entity & { readonly text: string })[];
}

export interface LabelOptions {
  /** `simple` when absent. */
  readonly aggregation?: Aggregation;
  /** Pieces that neighbouring rows of a long text share; a third of a row when absent. */
  readonly stride?: number;
}

/** Finds names and the like in texts, on a pipeline with a token-classification head. @throws as `runTask` */
export function labelTokens<Input extends TextToLabel>(
  session: TaskSession,
  inputs: TaskInputs<Input>,
  options: LabelOptions = {},
): AsyncGenerator<TaskResult<Input, LabelledText>, void, undefined> {
  return runTask<Input, LabelledText>(session, labelTask(session, options), inputs);
}

/** The task of `labelTokens`, without a pipeline to run on. */
export function labelTask(
  context: TaskContext,
  { aggregation = 'simple', stride = Math.floor(context.maxLength / 3) }: LabelOptions = {},
): Task<TextToLabel, LabelledText> {
  const { tokenizer, config, maxLength } = context;
  return {
    rows: ({ text }) => textRows(tokenizer, text, { maxLength, stride }),
    result: ({ text }, rows, outputs) => {
      const pieces = piecesOf(tokenizer, rows, outputs, stride);
      const entities = entitiesOf(pieces, config.id2label, aggregation);
      return {
        entities: entities.map((entity) => ({ ...entity, text: text.slice(entity.start, entity.end) })),
      };
    },
  };
}

/** Each piece of the text once, with the scores of the row that shows most of what stands around it. */
function piecesOf(
  tokenizer: BertTokenizer,
  rows: readonly Encoding[],
  outputs: readonly RowOutput[],
  stride: number,
): LabelledPiece[] {
  const best: { piece: LabelledPiece; surroundings: number }[] = [];
  let from = 0;
  rows.forEach((row, w) => {
    const { shape, data } = outputOf(outputs[w], 'logits');
    const labels = shape[1]!;
    const count = row.ids.length - 2;
    for (let at = 0; at < count; at++) {
      const surroundings = Math.min(at, count - 1 - at);
      const known = best[from + at];
      if (known && known.surroundings >= surroundings) continue;
      const [start, end] = row.offsets[at + 1]!;
      const logits = (data as Float32Array).subarray((at + 1) * labels, (at + 2) * labels);
      const continuesWord = tokenizer.vocabulary.pieces[row.ids[at + 1]!]!.startsWith('##');
      best[from + at] = { piece: { start, end, continuesWord, scores: softmax(logits) }, surroundings };
    }
    from += count - stride;
  });
  return best.map(({ piece }) => piece);
}
