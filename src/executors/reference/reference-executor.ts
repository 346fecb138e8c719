import type { Tensor } from '../../../ipu-config/base/tensor.js';
import { programTensors, type Program } from '../../models/program.js';
import type { WeightSource } from '../../weights/weights.js';
import { checkStageInputs } from '../stage-inputs.js';
import type { Executor, ExecutorOptions, StageExecutor } from '../stage-executor.js';
import { runProgram } from './run-program.js';

/** Plain TypeScript in double precision: slow, and the judge of the fast executors. One thread, whatever is asked. */
export const referenceExecutor: Executor = {
  name: 'reference',
  async prepare(program: Program, weights: WeightSource, options: ExecutorOptions): Promise<StageExecutor> {
    const specs = programTensors(program);
    const tensors = new Map<string, Float32Array>();
    for (const [at, { name, shape }] of specs.entries()) {
      tensors.set(name, await weights.tensor(name, shape));
      options.onProgress?.((at + 1) / specs.length);
    }
    return new ReferenceStage(program, tensors);
  },
};

export const createExecutor = (): Executor => referenceExecutor;

class ReferenceStage implements StageExecutor {
  readonly weightBytes: number;
  readonly #program: Program;
  readonly #tensors: Map<string, Float32Array>;

  constructor(program: Program, tensors: Map<string, Float32Array>) {
    this.#program = program;
    this.#tensors = tensors;
    this.weightBytes = [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    return Promise.resolve(runProgram(this.#program, this.#tensors, checkStageInputs(this.#program, inputs)));
  }

  dispose(): Promise<void> {
    this.#tensors.clear();
    return Promise.resolve();
  }
}
