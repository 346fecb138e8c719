import { setMaxListeners } from 'node:events';
import { withinMs } from '../../ipu-config/base/bounded.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { Pipeline } from '../../pipeline/runtime/pipeline.js';
import type { ProgramOutput } from '../models/program.js';
import { Pulse } from './pulse.js';
import { batchTensors, byLength, rowOutputs, type Row, type RowGroup } from './rows.js';

export interface BatchStreamOptions {
  /** Most rows in a micro-batch. */
  readonly microBatch: number;
  /** Rows that are sorted by length together. */
  readonly lookahead: number;
  readonly padId: number;
  /** The tensors that the model takes of each row. */
  readonly inputs: readonly string[];
  /** What it gives. */
  readonly outputs: readonly ProgramOutput[];
  /**
   * Each micro-batch comes out without another behind it. Where stages share a rank, the rank's order may have the
   * first stage's next micro-batches before the last stage's present one: then it comes out when the run ends.
   */
  readonly flows: boolean;
  /** Ends it, as it ends the pipeline. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a run stays open without work. An open run keeps the process alive, and opening one takes a moment. */
const IDLE_MS = { flowing: 1000, ending: 20 } as const;

/** Ranks count micro-batches in 32 bits when they tell what they are at: a run that never ends would pass that. */
const MOST_IN_A_RUN = 2 ** 30;

/**
 * All rows that anybody wants to run, as one stream of micro-batches through a pipeline: groups in the order in which
 * they came, as many as make a window, its rows by length. Micro-batches are made only when the pipeline has room, so
 * what came in the meantime is run together, and what comes alone is run at once.
 */
export class BatchStream {
  readonly #pipeline: Pipeline;
  readonly #options: BatchStreamOptions;
  /** Not yet in a window, oldest first. */
  readonly #queue = new Set<RowGroup>();
  /** Next to run, by length. */
  #window: Row[] = [];
  /** Groups that the window is made of. */
  #groups: RowGroup[] = [];
  #descending = true;
  /** Micro-batches in the pipeline, oldest first. */
  readonly #inFlight: (readonly Row[])[] = [];
  readonly #pulse = new Pulse();
  readonly #ended: Promise<void>;
  readonly #over = new AbortController();
  readonly #onAbort = (): void => this.#end(this.#options.signal?.reason);

  constructor(pipeline: Pipeline, options: BatchStreamOptions) {
    this.#pipeline = pipeline;
    this.#options = options;
    // Each stream listens for as long as it is read.
    setMaxListeners(0, this.over);
    this.#ended = this.#drive();
    options.signal?.addEventListener('abort', this.#onAbort);
    if (options.signal?.aborted) this.#onAbort();
  }

  /** Aborted, with the reason, once nothing more will run. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** When it is over, all rows fail at once. */
  add(group: RowGroup): void {
    this.#queue.add(group);
    if (this.over.aborted) this.#giveUpWaiting();
    this.#pulse.beat();
  }

  /** Takes back the rows of a group that have not begun. @returns how many */
  drop(group: RowGroup): number {
    if (this.#queue.delete(group)) return group.rows.length;
    const rows = new Set(group.rows);
    const before = this.#window.length;
    this.#window = this.#window.filter((row) => !rows.has(row));
    this.#tellBegun();
    return before - this.#window.length;
  }

  /** Fails what has not begun, and what comes from now on; waits, within a bound, for what has begun. */
  async close(thrown: unknown, boundMs: number): Promise<void> {
    this.#end(thrown);
    await withinMs(boundMs, this.#ended);
  }

  #end(thrown: unknown): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#over.abort(thrown);
    this.#giveUpWaiting();
    this.#pulse.beat();
  }

  /** Run after run, until it is closed or the pipeline fails. Never rejects. */
  async #drive(): Promise<void> {
    try {
      for (;;) {
        while (!this.over.aborted && !this.#hasWork) await this.#pulse.wait();
        if (this.over.aborted) return;
        for await (const { tensors } of this.#pipeline.run(this.#microBatches())) this.#takeApart(tensors);
      }
    } catch (thrown) {
      for (const { owner } of this.#inFlight.splice(0).flat()) owner.fail(thrown);
      this.#end(thrown);
    }
  }

  get #hasWork(): boolean {
    return this.#queue.size > 0 || this.#window.length > 0;
  }

  async *#microBatches(): AsyncGenerator<Tensor[], void, undefined> {
    const { inputs, padId, flows } = this.#options;
    for (let count = 0; count < MOST_IN_A_RUN;) {
      if (this.#hasWork) {
        const batch = this.#take();
        this.#inFlight.push(batch);
        yield batchTensors(batch, inputs, padId);
        count++;
        continue;
      }
      if (this.over.aborted) return;
      await this.#pulse.wait(flows ? IDLE_MS.flowing : IDLE_MS.ending);
      if (!this.#hasWork && (!flows || this.#inFlight.length === 0)) return;
    }
  }

  #take(): Row[] {
    if (this.#window.length === 0) this.#fillWindow();
    const batch = this.#window.splice(0, this.#options.microBatch);
    this.#tellBegun();
    return batch;
  }

  #tellBegun(): void {
    if (this.#window.length === 0) for (const group of this.#groups.splice(0)) group.onBegun?.();
  }

  #fillWindow(): void {
    let rows: readonly Row[] = [];
    for (const group of this.#queue) {
      if (rows.length >= this.#options.lookahead) break;
      this.#queue.delete(group);
      this.#groups.push(group);
      rows = rows.length === 0 ? group.rows : rows.concat(group.rows);
    }
    this.#descending = this.#groups[0]?.descending ?? !this.#descending;
    this.#window = byLength(rows, this.#descending);
  }

  #takeApart(tensors: readonly Tensor[]): void {
    const batch = this.#inFlight.shift()!;
    const outputs = rowOutputs(batch, this.#options.outputs, tensors);
    batch.forEach(({ owner, at }, row) => owner.receive(at, outputs[row]!));
  }

  #giveUpWaiting(): void {
    const rows = [...this.#window.splice(0), ...[...this.#queue].flatMap((group) => group.rows)];
    this.#groups.push(...this.#queue);
    this.#queue.clear();
    for (const { owner } of rows) owner.fail(this.over.reason);
    this.#tellBegun();
  }
}
