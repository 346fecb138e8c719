import { TRUNCATE, type OptionSpec } from './options.js';
import type { RowTensor, TaskDefinition } from './task.js';
import { oneRow, outputOf } from './task-rows.js';

/** A text that is to become a vector. */
export interface TextToEmbed {
  readonly text: string;
}

/** The vector of a text, and of how many tokens it was made. */
export interface Embedding {
  /** `[hidden]` */
  readonly embedding: readonly number[];
  readonly tokens: number;
}

/** `mean` over all tokens of the last hidden state, its first token (`cls`), or the pooler over that token. */
const POOLINGS = ['mean', 'cls', 'pooler'] as const;

export type Pooling = (typeof POOLINGS)[number];

const POOLING: OptionSpec<Pooling | undefined> = {
  ...{ kind: 'word', words: POOLINGS, preset: undefined },
  about: `what of the last hidden state: ${POOLINGS.join(', ')} (default: what the model's files say, else mean)`,
};
const NORMALIZE: OptionSpec<boolean | undefined> = {
  ...{ kind: 'flag', preset: undefined },
  about: "scale each vector to length 1 (default: where the model's files say so)",
};
const OPTIONS = {
  pooling: POOLING,
  normalize: NORMALIZE,
  ...TRUNCATE,
};

/** Turns texts into vectors. */
export const embed: TaskDefinition<TextToEmbed, Embedding, typeof OPTIONS> = {
  name: 'embed',
  about: 'turn texts into vectors, with the encoder of any model',
  fields: { text: { kind: 'text', about: 'what to embed' } },
  options: OPTIONS,
  head: ({ pooling }) => (pooling === 'pooler' ? 'pooler' : null),
  begin: ({ tokenizer, maxLength }, { pooling = 'mean', normalize = false, truncate }) => ({
    rows: ({ text }) => [oneRow(tokenizer, { text }, { maxLength, truncate })],
    result: (_input, [row], [output]) => {
      const vector =
        pooling === 'pooler'
          ? Array.from(outputOf(output, 'pooler_output').data)
          : pooled(outputOf(output, 'hidden_state'), pooling);
      return { embedding: normalize ? unit(vector) : vector, tokens: row!.ids.length };
    },
  }),
  text: ({ embedding }) => embedding.join(' '),
};

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
