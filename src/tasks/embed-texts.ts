import { runTask } from '../runs/run-task.js';
import type { Task, TaskContext, TaskInputs, TaskResult, TaskSession } from './task.js';
import { oneRow, outputOf } from './task-rows.js';
import type { RowTensor } from '../runs/length-buckets.js';

export interface TextToEmbed {
  readonly text: string;
}

export interface Embedding {
  /** `[hidden]` */
  readonly embedding: readonly number[];
  readonly tokens: number;
}

/** `mean` over all tokens of the last hidden state, its first token (`cls`), or the pooler over that token. */
export const POOLINGS = ['mean', 'cls', 'pooler'] as const;
export type Pooling = (typeof POOLINGS)[number];

export interface EmbedOptions {
  /** `mean` when absent; `pooler` needs a pipeline with a pooler. */
  readonly pooling?: Pooling;
  /** Scale to length 1; false when absent. */
  readonly normalize?: boolean;
  /** Cut texts that are too long; refused when absent. */
  readonly truncate?: boolean;
}

/** Turns texts into vectors, on a pipeline of the plain model: without head, or with a pooler. @throws as `runTask` */
export function embedTexts<Input extends TextToEmbed>(
  session: TaskSession,
  inputs: TaskInputs<Input>,
  options: EmbedOptions = {},
): AsyncGenerator<TaskResult<Input, Embedding>, void, undefined> {
  return runTask<Input, Embedding>(session, embedTask(session, options), inputs);
}

/** The task of `embedTexts`, without a pipeline to run on. */
export function embedTask(
  context: TaskContext,
  { pooling = 'mean', normalize = false, truncate = false }: EmbedOptions = {},
): Task<TextToEmbed, Embedding> {
  const { tokenizer, maxLength } = context;
  return {
    rows: ({ text }) => [oneRow(tokenizer, { text }, { maxLength, truncate })],
    result: (_input, [row], [output]) => {
      const states = output?.has('last_hidden_state') ? 'last_hidden_state' : 'hidden_state';
      const vector =
        pooling === 'pooler'
          ? Array.from(outputOf(output, 'pooler_output').data)
          : pooled(outputOf(output, states), pooling);
      return { embedding: normalize ? unit(vector) : vector, tokens: row!.ids.length };
    },
  };
}

function pooled({ shape, data }: RowTensor, pooling: 'mean' | 'cls'): number[] {
  const [sequence = 0, hidden = 0] = shape;
  const rows = pooling === 'cls' ? 1 : sequence;
  return Array.from({ length: hidden }, (_, h) => {
    let sum = 0;
    for (let at = 0; at < rows; at++) sum += data[at * hidden + h]!;
    return Math.fround(sum / rows);
  });
}

/** A vector of zeros has no direction and stays as it is. */
function unit(vector: readonly number[]): number[] {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return length === 0 ? [...vector] : vector.map((x) => Math.fround(x / length));
}
