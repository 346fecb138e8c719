import { InternalError } from '../../../ipu-config/base/errors.js';
import type { Action } from '../../schedule/action.js';
import { OP_TABLE } from '../../schedule/op-table.js';
import type { Replica } from '../links/replica.js';
import type { Answer, Notice, RankSetup, Request } from './protocol.js';
import { ActionFailure, runRank } from './rank-loop.js';
import { RankRecorder } from './rank-recorder.js';
import { missingMethod, type CreateStage, type Stage } from './stage.js';
import { describeThrown } from './thrown-value.js';

interface StageFault {
  readonly stage: number;
  readonly action?: Action;
  readonly thrown: unknown;
}

/** The stages of one rank and what can be asked of them: the same in a worker thread and in the caller's. */
export class StageHost {
  readonly #setup: RankSetup;
  readonly #replica: Replica;
  readonly #notify: (notice: Notice) => void;
  readonly #stages = new Map<number, Stage>();
  /** What a stage threw, as it was thrown: the in-process runtime has no need to describe it. */
  fault: StageFault | undefined;

  constructor(setup: RankSetup, replica: Replica, notify: (notice: Notice) => void) {
    this.#setup = setup;
    this.#replica = replica;
    this.#notify = notify;
  }

  async answer(request: Request): Promise<Answer> {
    switch (request.kind) {
      case 'load':
        return this.#load(request.stage);
      case 'run':
        return this.#run(request);
      case 'dispose':
        return this.#dispose(request.stage);
    }
  }

  async #load(stage: number): Promise<Answer> {
    const own = this.#setup.stages.find((each) => each.stage === stage);
    if (own === undefined) throw new InternalError(`there is no stage ${stage} to load`);
    const { spec, ops } = own;
    const { clock } = this.#replica;
    const startNs = clock.nowNs();
    try {
      const module = (await import(spec.module)) as { createStage?: CreateStage };
      if (typeof module.createStage !== 'function') {
        throw new TypeError(`${spec.module} does not export a function createStage`);
      }
      const made = await module.createStage(spec.init as never, (fraction) =>
        this.#notify({ kind: 'progress', stage, fraction }),
      );
      const missing = missingMethod(made, ops);
      if (missing !== undefined) {
        const why = `which the op ${missing.op} (${OP_TABLE[missing.op].words}) of the schedule needs`;
        throw new TypeError(
          `createStage of ${spec.module} did not give an object with a method ${missing.method}, ${why}`,
        );
      }
      this.#stages.set(stage, made);
      const loadMs = (clock.nowNs() - startNs) / 1e6;
      return { kind: 'loaded', stage, weightBytes: made.weightBytes, loadMs };
    } catch (thrown) {
      return this.#failed({ stage, thrown });
    }
  }

  async #run({ order, observe, runStartNs }: Extract<Request, { kind: 'run' }>): Promise<Answer> {
    const { clock, shape } = this.#replica;
    for (const [stage, loaded] of this.#stages) {
      try {
        if (shape.isTraining) await loaded.forget?.();
      } catch (thrown) {
        return this.#failed({ stage, thrown });
      }
    }
    const recorder = observe
      ? new RankRecorder(this.#setup, clock, runStartNs, (spans) => this.#notify({ kind: 'spans', spans }))
      : undefined;
    try {
      const { rank } = this.#setup;
      await runRank({ replica: this.#replica, rank, stages: this.#stages, recorder }, order);
      return { kind: 'ran', idleSinceNs: recorder?.finish() ?? clock.nowNs() - runStartNs };
    } catch (failure) {
      recorder?.finish();
      if (!(failure instanceof ActionFailure)) throw failure;
      const { action, thrown } = failure;
      return this.#failed({ stage: action.stage, action, thrown });
    }
  }

  async #dispose(stage: number): Promise<Answer> {
    const loaded = this.#stages.get(stage);
    this.#stages.delete(stage);
    try {
      await loaded?.dispose?.();
      return { kind: 'disposed' };
    } catch (thrown) {
      return this.#failed({ stage, thrown });
    }
  }

  #failed(fault: StageFault): Answer {
    this.fault = fault;
    const { stage, action, thrown } = fault;
    return { kind: 'failed', stage, action, error: describeThrown(thrown) };
  }
}
