import { InputError } from '../../ipu-config/base/errors.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import type { Encoding } from '../tokenizer/encode.js';
import { batchTensors, lengthBuckets, rowOutputs, type Row, type RowOutput } from './length-buckets.js';
import { InputSource } from './input-source.js';
import { Pulse } from './pulse.js';
import {
  RefusedInput,
  type Task,
  type TaskInputs,
  type TaskResult,
  type TaskSession,
} from '../tasks/task.js';

/** An input on its way. */
interface Pending<Input, Output> {
  readonly input: Input | RefusedInput;
  readonly rows: readonly Encoding[];
  /** Let go as soon as there is a result: a masked-LM row's are as large as its length times the vocabulary. */
  outputs: RowOutput[];
  /** Rows that have no output yet. */
  left: number;
  result: TaskResult<Input, Output> | undefined;
}

interface Place<Input, Output> {
  readonly pending: Pending<Input, Output>;
  readonly at: number;
}

/** When nothing more comes for so long, what was read ahead runs: somebody may be typing. */
const IDLE_MS = 20;

/**
 * Streams inputs of a task through a pipeline. Rows of like length share a micro-batch, results come in the order of
 * the inputs, and at most `2 × lookahead` inputs are held, however many there are. An input that the task refuses
 * gives its error in its place.
 * @throws what `Pipeline.run` throws, or the iterable of the inputs, after the results of all inputs before;
 *   CheckpointError when the model's outputs are no numbers
 */
export async function* runTask<Input, Output>(
  session: TaskSession,
  task: Task<Input, Output>,
  inputs: TaskInputs<Input>,
): AsyncGenerator<TaskResult<Input, Output>, void, undefined> {
  const stream = new TaskStream(session, task, inputs);
  const ended = stream.drive();
  try {
    yield* stream.finished();
  } finally {
    stream.stop();
    await ended;
  }
}

class TaskStream<Input, Output> {
  readonly #session: TaskSession;
  readonly #task: Task<Input, Output>;
  readonly #source: InputSource<Input | RefusedInput>;
  readonly #lookahead: number;
  /** In the order of the inputs; the first is the next result. */
  readonly #pending: Pending<Input, Output>[] = [];
  /** Micro-batches in the pipeline, oldest first. */
  readonly #inFlight: (readonly Row<Place<Input, Output>>[])[] = [];
  readonly #pulse = new Pulse();
  #stopped = false;
  #ended = false;
  #broken: { readonly thrown: unknown } | undefined;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(session: TaskSession, task: Task<Input, Output>, inputs: TaskInputs<Input>) {
    this.#session = session;
    this.#task = task;
    this.#source = new InputSource(inputs);
    this.#lookahead = session.lookahead ?? Math.max(32, 16 * session.microBatch);
  }

  /** Runs until the inputs end. Never rejects: `finished` throws what went wrong. */
  async drive(): Promise<void> {
    try {
      for await (const { tensors } of this.#session.pipeline.run(this.#microBatches())) {
        this.#takeApart(tensors);
        this.#pulse.beat();
      }
    } catch (thrown) {
      this.#failure = { thrown };
    }
    this.#ended = true;
    this.stop();
  }

  async *finished(): AsyncGenerator<TaskResult<Input, Output>, void, undefined> {
    for (;;) {
      for (let next = this.#pending[0]; next?.result; next = this.#pending[0]) {
        this.#pending.shift();
        yield next.result;
        this.#pulse.beat();
      }
      if (this.#ended) break;
      await this.#pulse.wait();
    }
    if (this.#failure) throw this.#failure.thrown;
  }

  /** What is in the pipeline still ends, nothing more is taken in. */
  stop(): void {
    this.#stopped = true;
    this.#source.cancel();
    this.#pulse.beat();
  }

  async *#microBatches(): AsyncGenerator<Tensor[], void, undefined> {
    const { tokenizer, microBatch } = this.#session;
    let isDescending = false;
    try {
      for (let more = true; more; isDescending = !isDescending) {
        const window: Row<Place<Input, Output>>[] = [];
        more = await this.#readAhead(window);
        for (const batch of lengthBuckets(window, microBatch, isDescending)) {
          if (this.#stopped) return;
          this.#inFlight.push(batch);
          yield batchTensors(
            batch.map(({ encoding }) => encoding),
            tokenizer.padId,
          );
        }
      }
      if (this.#broken) throw this.#broken.thrown;
    } finally {
      await this.#source.close();
    }
  }

  /** Fills a window with rows. @returns whether there may be more inputs after it */
  async #readAhead(window: Row<Place<Input, Output>>[]): Promise<boolean> {
    while (!this.#stopped && window.length < this.#lookahead) {
      if (this.#pending.length >= 2 * this.#lookahead) {
        if (window.length > 0) return true;
        await this.#pulse.wait();
        continue;
      }
      const next = await this.#next(window.length > 0 ? IDLE_MS : undefined);
      if (next === undefined) return !this.#stopped;
      if (next.done) return false;
      window.push(...this.#accept(next.value));
    }
    return !this.#stopped;
  }

  /** An iterable that throws ends the inputs; it is told when those before it have run. */
  async #next(withinMs: number | undefined): Promise<IteratorResult<Input | RefusedInput> | undefined> {
    try {
      return await this.#source.next(withinMs);
    } catch (thrown) {
      this.#broken = { thrown };
      return { done: true, value: undefined };
    }
  }

  #accept(input: Input | RefusedInput): Row<Place<Input, Output>>[] {
    const pending = this.#begun(input);
    this.#pending.push(pending);
    this.#pulse.beat();
    return pending.rows.map((encoding, at) => ({ encoding, owner: { pending, at } }));
  }

  #begun(input: Input | RefusedInput): Pending<Input, Output> {
    const begun = { input, rows: [], outputs: [], left: 0, result: undefined };
    if (input instanceof RefusedInput) return { ...begun, result: { input, error: input.error } };
    try {
      const rows = this.#task.rows(input);
      return { ...begun, rows, left: rows.length };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { ...begun, result: { input, error } };
    }
  }

  #takeApart(tensors: readonly Tensor[]): void {
    const batch = this.#inFlight.shift()!;
    const outputs = rowOutputs(
      batch.map(({ encoding }) => encoding),
      tensors,
    );
    batch.forEach(({ owner: { pending, at } }, row) => {
      const output = outputs[row]!;
      refuseNaN(output);
      pending.outputs[at] = output;
      if (--pending.left === 0) this.#finish(pending);
    });
  }

  #finish(pending: Pending<Input, Output>): void {
    const { input, rows, outputs } = pending;
    if (input instanceof RefusedInput) return;
    pending.result = { input, output: this.#task.result(input, rows, outputs) };
    pending.outputs = [];
  }
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
