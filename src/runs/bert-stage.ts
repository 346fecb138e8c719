import type { Stage } from '../../pipeline/runtime/rank/stage.js';
import { executorAt, type ExecutorPlace } from '../executors/registry.js';
import type { Program } from '../models/program.js';
import { openWeights, type WeightSpec } from './model.js';

/** What a worker needs to make its stage; it reads the weights itself, only its own. */
export interface PlannedStageInit {
  readonly program: Program;
  readonly weights: WeightSpec;
  readonly executor: ExecutorPlace;
  readonly threads: number;
}

/** The module that stage workers import: see `CreateStage`. */
export async function createStage(
  init: PlannedStageInit,
  report: (fraction: number) => void,
): Promise<Stage> {
  const { program, executor, threads } = init;
  const weights = await openWeights(init.weights);
  try {
    const prepared = await executorAt(executor).prepare(program, weights, { threads, onProgress: report });
    return {
      forward: (inputs) => prepared.run(inputs),
      weightBytes: prepared.weightBytes,
      get transfers() {
        return prepared.transfers;
      },
      dispose: () => prepared.dispose(),
    };
  } finally {
    await weights.close();
  }
}
