import type { Warning } from '../../ipu-config/base/warning.js';
import { CallCollector, checkOutputMode, type CallResult, type CallOutputMode } from './calls.js';
import { Coordinator, type StageStats } from './coordinator.js';
import type { PipelineInputs } from './input-feed.js';
import type { PipelineState } from './lifecycle.js';
import { checkOptions, type PipelineOptions } from './options.js';
import { makePlan } from './plan.js';
import type { RunResult } from './result-queue.js';

export interface CallOptions {
  /** `default` when absent. */
  readonly outputMode?: CallOutputMode | undefined;
}

/**
 * Stages loaded in threads of their own, through which micro-batches stream. See docs/runtime.md for what is
 * bounded, what a failure does, and what a stage's module must export.
 */
export class Pipeline implements AsyncDisposable {
  readonly #coordinator: Coordinator;
  /** What is allowed and yet worth knowing. */
  readonly warnings: readonly Warning[];

  /** Not for callers: `Pipeline.start` makes pipelines. */
  constructor(coordinator: Coordinator) {
    this.#coordinator = coordinator;
    this.warnings = coordinator.plan.warnings;
  }

  /**
   * Refuses what `start` would refuse before it starts anything.
   * @returns the warnings of such a pipeline
   * @throws InputError, ScheduleError
   */
  static check(options: PipelineOptions): readonly Warning[] {
    return makePlan(checkOptions(options)).warnings;
  }

  /**
   * Loads the stages, each in the thread of its IPU.
   * @throws InputError, ScheduleError for options that cannot be run: no thread was started
   * @throws StageFailedError when a stage throws, ends or does not answer within `startTimeoutMs`
   * @throws the reason of `signal`
   */
  static async start(options: PipelineOptions): Promise<Pipeline> {
    const checked = checkOptions(options);
    const plan = makePlan(checked);
    checked.signal?.throwIfAborted();
    for (const warning of plan.warnings) checked.onWarning?.(warning);
    const coordinator = new Coordinator(checked, plan);
    await coordinator.start();
    return new Pipeline(coordinator);
  }

  get state(): PipelineState {
    return this.#coordinator.state;
  }

  /** One entry for each stage of each replica. */
  get stages(): readonly StageStats[] {
    return [...this.#coordinator.stats].sort((a, b) => a.replica - b.replica || a.stage - b.stage);
  }

  /** Bytes of memory for activations, all links and replicas together. */
  get slotBytes(): number {
    const links = this.#coordinator.replicas.flatMap((replica) => replica.links);
    return links.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Streams micro-batches through the pipeline; results come in the order of the inputs. Micro-batch i goes to
   * replica i mod R. One run at a time; breaking off leaves the pipeline ready for the next.
   * @throws InputError for inputs that do not fit, after the results of those before; the pipeline stays ready
   * @throws whatever the iterable of the inputs throws, likewise
   * @throws StageFailedError when a stage fails: the pipeline is closed
   * @throws the reason of `signal`
   */
  async *run(inputs: PipelineInputs): AsyncGenerator<RunResult, void, undefined> {
    const stream = await this.#coordinator.begin(inputs);
    try {
      for (;;) {
        const result = await stream.next();
        if (result === undefined) return;
        yield result;
      }
    } finally {
      await stream.end();
    }
  }

  /**
   * The same stream in PopTorch's calls: `deviceIterations × replicas` micro-batches make one, and `outputMode` says
   * which results it returns. Calls overlap in the pipeline like their micro-batches do.
   * @throws InputError for an output mode that is none, and what `run` throws
   */
  async *calls(
    inputs: PipelineInputs,
    options: CallOptions = {},
  ): AsyncGenerator<CallResult, void, undefined> {
    const shape = this.#coordinator.options;
    const collector = new CallCollector(checkOutputMode(options.outputMode ?? 'default', shape), shape);
    for await (const result of this.run(inputs)) {
      const call = collector.add(result);
      if (call !== undefined) yield call;
    }
    const rest = collector.rest();
    if (rest !== undefined) yield rest;
  }

  /**
   * Lets the actions under way end, disposes of the stages and ends the threads, within `closeTimeoutMs` for each of
   * the three. A run that is on ends with an InputError.
   * @throws StageFailedError when a stage cannot be stopped in order (its thread has been ended all the same), or
   *   when one failed before and nobody has been told
   */
  close(): Promise<void> {
    return this.#coordinator.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
