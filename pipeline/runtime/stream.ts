import { processClock } from './links/clock.js';
import type { Bell } from './links/control.js';
import { InputFeed, type PipelineInputs } from './input-feed.js';
import type { CheckedOptions } from './options.js';
import type { PipelinePlan } from './plan.js';
import type { Rank } from './rank.js';
import type { Replica } from './links/replica.js';
import { ResultQueue, type RunResult } from './result-queue.js';
import { SpanFeed } from './span-feed.js';
import { Watchdog, type Late } from './watchdog.js';

/** What a run needs of the pipeline that it runs on. */
export interface StreamContext {
  readonly options: CheckedOptions;
  readonly plan: PipelinePlan;
  readonly replicas: readonly Replica[];
  readonly ranks: readonly Rank[];
  readonly host: Bell;
  readonly onLate: (late: Late) => void;
  /** Resolves when the pipeline has failed or is being closed. */
  readonly broken: Promise<unknown>;
  /** The pipeline has failed or is being closed. */
  readonly isBroken: boolean;
  /** What a run has to throw when the pipeline has failed (after everything has ended) or is being closed. */
  breakage(): Promise<{ readonly thrown: unknown } | undefined>;
  /** The stream is over and the ranks are at rest. */
  streamEnded(): void;
}

/** One run: from the first input to the last result, or until the caller breaks off. */
export class Stream {
  readonly spans: SpanFeed | undefined;
  readonly #context: StreamContext;
  readonly #feed: InputFeed;
  readonly #results: ResultQueue;
  readonly #watchdog: Watchdog;
  readonly #work: Promise<unknown>;
  #end: Promise<void> | undefined;

  constructor(context: StreamContext, inputs: PipelineInputs) {
    const { options, plan, replicas, ranks, host } = context;
    const runStartNs = processClock.nowNs();
    this.#context = context;
    this.spans = options.onSpan === undefined ? undefined : new SpanFeed(options.onSpan);
    this.#feed = new InputFeed(replicas, host, plan.inputRow);
    this.#results = new ResultQueue(replicas, plan.schedule.microBatches);
    this.#work = Promise.all(
      ranks.map(async (rank) => {
        const idleSinceNs = await rank.run(runStartNs, this.spans !== undefined);
        if (idleSinceNs !== undefined) this.spans?.rankEnded(rank.replica, rank.rank, idleSinceNs);
      }),
    );
    this.#watchdog = new Watchdog(
      replicas.map((replica) => ({ replica, ranks: [...plan.rows.keys()] })),
      options.actionTimeoutMs,
      context.onLate,
    );
    void this.#feed.feed(inputs);
  }

  /** Settles when every rank has left its loop. Never rejects. */
  get work(): Promise<unknown> {
    return this.#work;
  }

  /** The next result in the order of the inputs; undefined after the last. */
  async next(): Promise<RunResult | undefined> {
    const { host } = this.#context;
    for (;;) {
      const seen = host.count;
      // What was finished before a stage failed is not lost; who aborts wants no more.
      const aborted = this.#context.options.signal?.aborted === true;
      const breakage = this.#context.isBroken ? await this.#context.breakage() : undefined;
      const result = aborted ? undefined : await this.#results.take();
      if (result !== undefined) return result;
      if (breakage !== undefined) throw breakage.thrown;
      if (this.#feed.ended && this.#results.next >= this.#feed.accepted) {
        if (this.#feed.error !== undefined) throw this.#feed.error.thrown;
        return undefined;
      }
      await host.wait(seen);
    }
  }

  /** Lets the actions that are under way end, forgets the rest, and leaves the ranks at rest. */
  end(): Promise<void> {
    return (this.#end ??= this.#endOnce());
  }

  /** Stops looking at it: the pipeline ends. */
  abandon(): void {
    this.#watchdog.end();
    this.#feed.stop(0).catch(() => undefined);
  }

  async #throwIfBroken(): Promise<void> {
    if (!this.#context.isBroken) return;
    const breakage = await this.#context.breakage();
    if (breakage !== undefined) throw breakage.thrown;
  }

  async #endOnce(): Promise<void> {
    const { replicas, options } = this.#context;
    let thrown: { readonly error: unknown } | undefined;
    try {
      await this.#feed.stop(options.closeTimeoutMs);
    } catch (error) {
      if (this.#feed.error === undefined) thrown = { error };
    }
    const all = this.#feed.ended && this.#results.next >= this.#feed.accepted;
    if (!all) for (const { control } of replicas) control.stop();
    await Promise.race([this.#work, this.#context.broken]);
    this.#watchdog.end();
    await this.#throwIfBroken();
    this.spans?.runEnded();
    for (const replica of replicas) replica.reset();
    this.#context.streamEnded();
    if (thrown !== undefined) throw thrown.error;
  }
}
