import { threadId } from 'node:worker_threads';
import { InternalError } from '../../../ipu-config/base/errors.js';
import type { CreateStage, Stage } from '../stage.js';
import { nowNs } from '../links/bell.js';
import type { Answer, Notice, RankSetup, Request } from './protocol.js';
import { ActionFailure, runRank } from './rank-loop.js';
import { ReplicaMemory } from '../links/replica-memory.js';
import { SpanRecorder } from './span-recorder.js';
import { describeThrown } from './thrown-value.js';

export interface StageFault {
  readonly stage: number;
  readonly microBatch?: number;
  readonly thrown: unknown;
}

/** The stages of one rank and what can be asked of them: the same in a worker thread and in the caller's. */
export class StageHost {
  readonly #setup: RankSetup;
  readonly #memory: ReplicaMemory;
  readonly #notify: (notice: Notice) => void;
  readonly #stages = new Map<number, Stage>();
  /** What a stage threw, as it was thrown: the in-process runtime has no need to describe it. */
  fault: StageFault | undefined;

  constructor(setup: RankSetup, notify: (notice: Notice) => void) {
    this.#setup = setup;
    this.#memory = new ReplicaMemory(setup.buffers);
    this.#notify = notify;
  }

  async answer(request: Exclude<Request, { kind: 'open' }>): Promise<Answer> {
    switch (request.kind) {
      case 'load':
        return this.#load(request.stage);
      case 'run':
        return this.#run(request);
      case 'dispose':
        return this.#dispose();
    }
  }

  async #load(stage: number): Promise<Answer> {
    const spec = this.#setup.stages.find((own) => own.stage === stage)?.spec;
    if (spec === undefined) throw new InternalError(`there is no stage ${stage} to load`);
    const startNs = nowNs();
    try {
      const module = (await import(spec.module)) as { createStage?: CreateStage };
      if (typeof module.createStage !== 'function') {
        throw new TypeError(`${spec.module} does not export a function createStage`);
      }
      const made = await module.createStage(spec.init as never, (fraction) =>
        this.#notify({ kind: 'progress', stage, fraction }),
      );
      if (typeof (made as Partial<Stage> | undefined)?.forward !== 'function') {
        throw new TypeError(`createStage of ${spec.module} did not give an object with a method forward`);
      }
      this.#stages.set(stage, made);
      const loadMs = (nowNs() - startNs) / 1e6;
      return { kind: 'loaded', stage, weightBytes: made.weightBytes, loadMs };
    } catch (thrown) {
      return this.#failed({ stage, thrown });
    }
  }

  async #run({ order, observe, runStartNs }: Extract<Request, { kind: 'run' }>): Promise<Answer> {
    const { replica, rank, spinNs } = this.#setup;
    const recorder = observe
      ? new SpanRecorder(replica, rank, runStartNs, (spans) => this.#notify({ kind: 'spans', spans }))
      : undefined;
    try {
      await runRank({ memory: this.#memory, rank, stages: this.#stages, spinNs, recorder }, order);
      return { kind: 'ran', idleSinceNs: recorder?.finish() ?? nowNs() };
    } catch (failure) {
      recorder?.finish();
      if (!(failure instanceof ActionFailure)) throw failure;
      const { stage, microBatch } = failure.action;
      return this.#failed({ stage, microBatch, thrown: failure.thrown });
    }
  }

  async #dispose(): Promise<Answer> {
    let fault: StageFault | undefined;
    for (const [stage, loaded] of this.#stages) {
      try {
        await loaded.dispose?.();
      } catch (thrown) {
        fault ??= { stage, thrown };
      }
    }
    this.#stages.clear();
    return fault === undefined ? { kind: 'disposed' } : this.#failed(fault);
  }

  #failed(fault: StageFault): Answer {
    this.fault = fault;
    const { stage, microBatch, thrown } = fault;
    return { kind: 'failed', stage, microBatch, error: describeThrown(thrown) };
  }
}

/** Answers `open`. */
export function opened(): Answer {
  return { kind: 'opened', threadId };
}
