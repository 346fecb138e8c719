import type { InputError } from '../../ipu-config/base/errors.js';
import type { ModelConfig, ModelHead } from '../models/model-config.js';
import type { Tokenizer } from '../tokenizer/base/tokenizer.js';
import type { Encoding } from '../tokenizer/encode.js';
import type { Fields } from './fields.js';
import type { OptionSpecs, OptionValues } from './options.js';

/** What tasks know of the model that they talk to. */
export interface TaskContext {
  readonly tokenizer: Tokenizer;
  readonly config: ModelConfig;
  /** Most pieces in a row. */
  readonly maxLength: number;
}

/** A row of the model's input, as a task makes it. */
export interface TaskRow extends Encoding {
  /** For a task that picks: where in the row it reads what the head gives, one place at least. */
  readonly picked?: readonly number[];
}

/** What the last stage gave for one row, by the tensors' names; without the batch's dimension and without padding. */
export type RowOutput = ReadonlyMap<string, RowTensor>;

export interface RowTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** How an input becomes rows of the model, and the model's outputs for them a result. */
export interface Task<Input, Output> {
  /** At least one row. @throws InputError for an input that cannot be run; only that input is refused. */
  rows(input: Input): readonly TaskRow[];
  /** @param outputs of each of its rows, in their order */
  result(input: Input, rows: readonly TaskRow[], outputs: readonly RowOutput[]): Output;
}

/** What a session needs of a task: enough for one of your own. */
export interface TaskSpec<Input, Output, Options> {
  /** The head that the task reads; null: the encoder alone. */
  head(options: Options): ModelHead | null;
  /**
   * Each row says where it is read: a head over the vocabulary gives its numbers there alone, and its outputs have
   * `picked` in place of the sequence.
   */
  readonly picks?: true;
  /** The task, for a model whose weights need not be loaded yet. */
  begin(context: TaskContext, options: Options): Task<Input, Output>;
}

/** Sets off parts of a text for people: a terminal's bold and dim, or nothing. */
export interface TextStyle {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** A task as command line, library and server offer it: all that they say and ask about it is made from this. */
export interface TaskDefinition<
  Input extends object = object,
  Output extends object = object,
  Options extends OptionSpecs = OptionSpecs,
> extends TaskSpec<Input, Output, OptionValues<Options>> {
  readonly name: string;
  /** In one sentence, without a full stop. */
  readonly about: string;
  /** Of an input; `inputSchema` makes a schema of them. */
  readonly fields: Fields<Input>;
  /** `resolveOptions` checks them and puts defaults in. */
  readonly options: Options;
  /** A result for people; without a newline at the end. */
  text(output: Output, input: Input, style: TextStyle): string;
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

/** What streams take: any number of inputs, pulled as the pipeline has room. */
export type TaskInputs<Input> = Iterable<Input | RefusedInput> | AsyncIterable<Input | RefusedInput>;
