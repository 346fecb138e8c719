import { withinMs } from '../../ipu-config/base/bounded.js';
import { RefusedInput, type TaskInputs, type TaskResult } from '../tasks/task.js';
import type { BatchStream } from './batch-stream.js';
import { InputSource } from './input-source.js';
import { Pulse } from './pulse.js';
import { outputOf, type Outcome, type TaskRequest } from './request.js';
import type { Row } from './rows.js';

/** An input whose result is to come, at the place of the input. */
interface Pending<Input, Output> {
  readonly input: Input | RefusedInput;
  readonly request: { readonly outcome: Outcome<Output> | undefined };
}

/** When nothing more comes for so long, what was read ahead runs: somebody may be typing. */
const IDLE_MS = 20;
/** Bound on the iterable's own ending, when nobody wants more of it. */
const RETURN_MS = 5000;

/**
 * Inputs of one caller as a stream. A window of rows is read ahead and takes its place in the queue; the next is read
 * when all of it has begun. Results come in the order of the inputs, and at most `2 × lookahead` inputs are held.
 */
export class TaskStream<Input, Output> {
  readonly #batches: BatchStream;
  readonly #begin: (input: Input) => TaskRequest<Output>;
  readonly #source: InputSource<Input | RefusedInput>;
  readonly #lookahead: number;
  /** In the order of the inputs; the first is the next result. */
  readonly #pending: Pending<Input, Output>[] = [];
  readonly #pulse = new Pulse();
  /** Takes back the window that waits in the queue. */
  #takeBack: (() => void) | undefined;
  #stopped = false;
  #ended = false;
  /** What the iterable threw, or why the session is over. */
  #broken: { readonly thrown: unknown } | undefined;

  constructor(
    batches: BatchStream,
    lookahead: number,
    begin: (input: Input) => TaskRequest<Output>,
    inputs: TaskInputs<Input>,
  ) {
    this.#batches = batches;
    this.#begin = begin;
    this.#source = new InputSource(inputs);
    this.#lookahead = lookahead;
  }

  async *results(): AsyncGenerator<TaskResult<Input, Output>, void, undefined> {
    const { over } = this.#batches;
    const onOver = (): void => {
      this.#broken ??= { thrown: over.reason };
      this.#stop();
    };
    over.addEventListener('abort', onOver);
    if (over.aborted) onOver();
    const reading = this.#read();
    try {
      while (!this.#ended || this.#pending.length > 0) {
        const [next] = this.#pending;
        const outcome = next?.request.outcome;
        if (!next || !outcome) {
          await this.#pulse.wait();
          continue;
        }
        this.#pending.shift();
        yield resultOf(next.input, outcome);
        this.#pulse.beat();
      }
      if (this.#broken) throw this.#broken.thrown;
    } finally {
      over.removeEventListener('abort', onOver);
      this.#stop();
      this.#takeBack?.();
      await reading;
    }
  }

  /** Nothing more is taken in. */
  #stop(): void {
    this.#stopped = true;
    this.#source.cancel();
    this.#pulse.beat();
  }

  /** Reads until the inputs end. */
  async #read(): Promise<void> {
    let isDescending = false;
    try {
      for (let more = true; more; isDescending = !isDescending) {
        const rows: Row[] = [];
        more = await this.#readAhead(rows);
        if (rows.length > 0 && !this.#stopped) await this.#run(rows, isDescending);
        // Whoever still waits for these is told why they never run.
        else if (this.#broken) for (const { owner } of rows) owner.fail(this.#broken.thrown);
      }
      const closed = this.#source.close();
      if (await withinMs(RETURN_MS, closed)) await closed;
    } catch (thrown) {
      this.#broken ??= { thrown };
    }
    this.#ended = true;
    this.#pulse.beat();
  }

  /** Resolves when all rows have begun, or were taken back. */
  #run(rows: readonly Row[], descending: boolean): Promise<void> {
    return new Promise((onBegun) => {
      const group = { rows, descending, onBegun };
      this.#takeBack = () => {
        this.#batches.drop(group);
        onBegun();
      };
      this.#batches.add(group);
    });
  }

  /** Fills a window with rows. @returns whether there may be more inputs after it */
  async #readAhead(window: Row[]): Promise<boolean> {
    while (!this.#stopped && window.length < this.#lookahead) {
      if (this.#pending.length >= 2 * this.#lookahead) {
        if (window.length > 0) return true;
        await this.#pulse.wait();
        continue;
      }
      const next = await this.#next(window.length > 0 ? IDLE_MS : undefined);
      if (next === undefined) return !this.#stopped;
      if (next.done) return false;
      for (const row of this.#accept(next.value)) window.push(row);
    }
    return !this.#stopped;
  }

  /** An iterable that throws ends the inputs; it is told when those before it have run. */
  async #next(withinMs: number | undefined): Promise<IteratorResult<Input | RefusedInput> | undefined> {
    try {
      return await this.#source.next(withinMs);
    } catch (thrown) {
      this.#broken ??= { thrown };
      return { done: true, value: undefined };
    }
  }

  #accept(input: Input | RefusedInput): readonly Row[] {
    if (input instanceof RefusedInput) {
      this.#pending.push({ input, request: { outcome: { refused: input.error } } });
      this.#pulse.beat();
      return [];
    }
    const request = this.#begin(input);
    request.onChange = () => this.#pulse.beat();
    this.#pending.push({ input, request });
    this.#pulse.beat();
    return request.rows;
  }
}

function resultOf<Input, Output>(
  input: Input | RefusedInput,
  outcome: Outcome<Output>,
): TaskResult<Input, Output> {
  if ('refused' in outcome) return { input, error: outcome.refused };
  return { input: input as Input, output: outputOf(outcome) };
}
