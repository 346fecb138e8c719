import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { InputError } from '../../ipu-config/base/errors.js';
import { familyOf } from '../models/families/families.js';
import type { RowOutput, Task, TaskContext, TaskRow } from '../tasks/task.js';
import type { Row, RowOwner } from './rows.js';

export type Outcome<Output> =
  | { readonly output: Output }
  /** The input cannot be run. */
  | { readonly refused: InputError }
  /** Anything else: the pipeline's failure, weights that overflow, a task's own mistake. */
  | { readonly failed: unknown };

/** @throws what an outcome without an output says */
export function outputOf<Output>(outcome: Outcome<Output>): Output {
  if ('output' in outcome) return outcome.output;
  throw 'refused' in outcome ? outcome.refused : outcome.failed;
}

/** One input on its way: its rows go in, their outputs come back one by one, and there is one outcome. */
export class TaskRequest<Output> implements RowOwner {
  readonly rows: readonly Row[];
  readonly tokens: number;
  readonly #task: Task<unknown, Output>;
  readonly #input: unknown;
  /** Let go as soon as there is an outcome: a masked-LM row's are as large as its length times the vocabulary. */
  #outputs: RowOutput[] = [];
  /** Rows that have not come out. */
  #left: number;
  #outcome: Outcome<Output> | undefined;
  /** Called when there is an outcome, and when none of its rows is in the pipeline any more. */
  onChange: () => void = () => undefined;

  /** Makes the rows of an input. One that cannot be run has its outcome at once, and no rows. */
  constructor(task: Task<unknown, Output>, input: unknown, context: TaskContext, picks: boolean) {
    this.#task = task;
    this.#input = input;
    let encodings: readonly TaskRow[] = [];
    try {
      encodings = task.rows(input);
      checkRows(encodings, context);
      if (picks) checkPicks(encodings);
    } catch (error) {
      encodings = [];
      this.#outcome = error instanceof InputError ? { refused: error } : { failed: error };
    }
    this.rows = encodings.map((encoding, at) => ({ encoding, owner: this, at }));
    this.tokens = encodings.reduce((sum, { ids }) => sum + ids.length, 0);
    this.#left = encodings.length;
  }

  get outcome(): Outcome<Output> | undefined {
    return this.#outcome;
  }

  /** No row of it waits or runs. */
  get isGone(): boolean {
    return this.#left === 0;
  }

  receive(at: number, output: RowOutput): void {
    this.#left--;
    if (!this.#outcome) this.#outputs[at] = output;
    if (this.#left === 0 && !this.#outcome) this.#settle(this.#result());
    else if (this.#left === 0) this.onChange();
  }

  fail(thrown: unknown): void {
    this.#left = 0;
    if (this.#outcome) this.onChange();
    else this.#settle({ failed: thrown });
  }

  /** Nobody wants the result. @param dropped rows of it that were taken back before they began */
  cancel(reason: unknown, dropped: number): void {
    this.#left -= dropped;
    this.#settle({ failed: reason });
  }

  #result(): Outcome<Output> {
    try {
      for (const output of this.#outputs) refuseNaN(output);
      const encodings = this.rows.map(({ encoding }) => encoding);
      return { output: this.#task.result(this.#input, encodings, this.#outputs) };
    } catch (thrown) {
      return { failed: thrown };
    }
  }

  #settle(outcome: Outcome<Output>): void {
    this.#outputs = [];
    this.#outcome = outcome;
    this.onChange();
  }
}

/** What a stage would stumble over, all other rows with it, is found before a row enters the pipeline. */
function checkRows(rows: readonly TaskRow[], { config, maxLength }: TaskContext): void {
  if (rows.length === 0) throw new InputError('the input has no rows: a task makes one at least of each.');
  const { tokenTypes } = familyOf(config);
  for (const { ids, typeIds } of rows) {
    if (ids.length === 0 || ids.length > maxLength) {
      throw new InputError(`a row has ${ids.length} pieces; it may have 1 to ${maxLength}.`);
    }
    refuseAbove(ids, config.vocabSize, 'piece', 'rows for pieces (vocab_size)');
    if (tokenTypes === 'none') continue;
    const [types, why] =
      tokenTypes === 'read'
        ? ([config.typeVocabSize, 'type_vocab_size'] as const)
        : ([1, `${config.modelType} models read type 0 alone, and their tokenizers give no other`] as const);
    refuseAbove(typeIds, types, 'token type', `token types (${why}): it takes no pairs`);
  }
}

function checkPicks(rows: readonly TaskRow[]): void {
  for (const { ids, picked = [] } of rows) {
    if (picked.length === 0 || picked.length > ids.length) {
      throw new InputError(`a row of ${ids.length} pieces is read at ${picked.length} places (picked).`);
    }
    const wrong = picked.find((at) => !(Number.isInteger(at) && at >= 0 && at < ids.length));
    if (wrong === undefined) continue;
    throw new InputError(`a row of ${ids.length} pieces is to be read at place ${wrong} (picked).`);
  }
}

function refuseAbove(values: readonly number[], size: number, what: string, room: string): void {
  const wrong = values.find((value) => !(value >= 0 && value < size));
  if (wrong === undefined) return;
  throw new InputError(`the input has ${what} ${wrong}, but the model has ${size} ${room}.`);
}

/** Weights that overflow would otherwise give results, only wrong ones. */
function refuseNaN(output: RowOutput): void {
  for (const [name, { data }] of output) {
    for (let at = 0; at < data.length; at++) {
      if (Number.isFinite(data[at])) continue;
      throw new CheckpointError(
        `the model gave ${data[at]} at place ${at} of ${name}: its weights are damaged, or overflow.`,
      );
    }
  }
}
