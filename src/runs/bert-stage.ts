import type { Stage } from '../../pipeline/runtime/rank/stage.js';
import { executorByName } from '../executors/registry.js';
import type { BertConfig, BertSlice } from '../models/bert/bert-config.js';
import { openWeights, type WeightSpec } from './model.js';

/** What a worker needs to make its stage; it reads the weights itself, only its own. */
export interface BertStageInit {
  readonly config: BertConfig;
  readonly slice: BertSlice;
  readonly weights: WeightSpec;
  readonly executor: string;
  readonly threads: number;
}

/** The module that stage workers import: see `CreateStage`. */
export async function createStage(init: BertStageInit, report: (fraction: number) => void): Promise<Stage> {
  const { config, slice, executor, threads } = init;
  const weights = await openWeights(init.weights);
  try {
    const prepared = await executorByName(executor).prepare(config, slice, weights, {
      threads,
      onProgress: report,
    });
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
