import type { Mode } from './attributes.js';
import { ConfigError } from './base/errors.js';

export type ExecutionStrategy = 'PipelinedExecution' | 'ShardedExecution';

/** After autodiff the last forward stage and its backward are one. */
export function trainingStages(forwardStages: number): number {
  return 2 * forwardStages - 1;
}

/**
 * Refuses what PopTorch refuses: fewer micro-batches than it takes to fill the pipeline.
 * Source: poptorch c2a8b17, popart_compiler/source/Compiler.cpp, initSession.
 * @throws ConfigError
 */
export function checkPipelineMinimum(call: {
  readonly mode: Mode;
  readonly strategy: ExecutionStrategy;
  readonly forwardStages: number;
  readonly gradientAccumulation: number;
  readonly deviceIterations: number;
}): void {
  const isPipelined = call.strategy === 'PipelinedExecution';
  if (call.mode === 'inference' && call.gradientAccumulation !== 1) {
    throw new ConfigError(
      'Error',
      'You must set poptorch.Options().Training.gradientAccumulation to 1 or leave it as its default value (1)' +
        ' when running a poptorch.inferenceModel().' +
        (isPipelined
          ? ' Use poptorch.Options().deviceIterations() to process a sufficient number of batches each run for' +
            ' pipelined execution instead.'
          : ''),
    );
  }
  if (!isPipelined) return;
  const stages = call.forwardStages;
  if (call.mode === 'training' && call.gradientAccumulation < trainingStages(stages)) {
    throw new ConfigError(
      'Error',
      'poptorch.Options().Training.gradientAccumulation must be greater than or equal to the number of pipeline' +
        ` stages (${trainingStages(stages)}) when using poptorch.PipelinedExecution. Please note that a model with` +
        ` ${stages} pipeline stages in PopTorch will have an additional ${stages - 1} stages when training.`,
    );
  }
  if (call.mode === 'inference' && call.deviceIterations < stages) {
    throw new ConfigError(
      'Error',
      'poptorch.Options().deviceIterations must be greater than or equal to the number of pipeline stages' +
        ` (${stages}) when using PopTorch.PipelinedExecution.`,
    );
  }
}

/**
 * Stages of a PopART pipeline over `ipus` IPUs, one forward stage on each.
 * Source: popart d2f20d7, willow/src/transforms/pipeline.cpp.
 * @param call gradientAccumulation is null when accumulation is off: then the depth is batchesPerStep
 * @throws ConfigError when the pipeline is deeper than what flows through it
 */
export function checkPopartDepth(call: {
  readonly ipus: number;
  readonly mode: Mode;
  readonly gradientAccumulation: number | null;
  readonly batchesPerStep: number;
}): number {
  const stages = call.mode === 'training' ? trainingStages(call.ipus) : call.ipus;
  const depth = call.gradientAccumulation ?? call.batchesPerStep;
  if (depth >= stages) return stages;
  const what = call.gradientAccumulation === null ? 'batchesPerStep' : 'gradient accumulation factor';
  throw new ConfigError(
    'popart_exception',
    `For pipelining, depth (${what}) must equal at least the number of pipeline stages (${stages})`,
  );
}
