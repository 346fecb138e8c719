import type { InputError } from '../../ipu-config/base/errors.js';
import type { Pipeline } from '../../pipeline/runtime/pipeline.js';
import type { BertConfig } from '../models/bert/bert-config.js';
import type { BertTokenizer } from '../tokenizer/bert-tokenizer.js';
import type { Encoding } from '../tokenizer/encode.js';
import type { RowOutput } from '../runs/length-buckets.js';

/** What tasks know of the model that they talk to. */
export interface TaskContext {
  readonly tokenizer: BertTokenizer;
  readonly config: BertConfig;
  /** Most pieces in a row; no more than the pipeline's `sequenceLength`. */
  readonly maxLength: number;
}

/** A running pipeline that takes texts. */
export interface TaskSession extends TaskContext {
  readonly pipeline: Pipeline;
  /** Most rows in a micro-batch; no more than the pipeline's `microBatch`. */
  readonly microBatch: number;
  /** Rows that are read ahead and sorted by length; the larger of 32 and 16 micro-batches when absent. */
  readonly lookahead?: number;
}

/** How an input becomes rows of the model, and the model's outputs for them a result. */
export interface Task<Input, Output> {
  /** At least one row. @throws InputError for an input that cannot be run; only that input is refused. */
  rows(input: Input): readonly Encoding[];
  /** @param outputs of each of its rows, in their order */
  result(input: Input, rows: readonly Encoding[], outputs: readonly RowOutput[]): Output;
}

/**
 * Stands among the inputs for one that could not even be read: it takes its place among the results, so that they
 * stay in order.
 */
export class RefusedInput {
  readonly error: InputError;

  constructor(error: InputError) {
    this.error = error;
  }
}

/** An input's result, or why it was refused. */
export type TaskResult<Input, Output> =
  | { readonly input: Input; readonly output: Output }
  | { readonly input: Input | RefusedInput; readonly error: InputError };

/** What tasks take: any number of inputs, pulled as the pipeline has room. */
export type TaskInputs<Input> = Iterable<Input | RefusedInput> | AsyncIterable<Input | RefusedInput>;
