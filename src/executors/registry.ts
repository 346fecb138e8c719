import { InputError } from '../../ipu-config/errors.js';
import { onnxExecutor } from './onnx/onnx-executor.js';
import { referenceExecutor } from './reference/reference-executor.js';
import type { Executor } from './stage-executor.js';

const EXECUTORS: readonly Executor[] = [onnxExecutor, referenceExecutor];

export const EXECUTOR_NAMES: readonly string[] = EXECUTORS.map(({ name }) => name);

/** @throws InputError that lists the executors there are. */
export function executorByName(name: string): Executor {
  const found = EXECUTORS.find((executor) => executor.name === name);
  if (found) return found;
  throw new InputError(`there is no executor "${name}"; there are ${EXECUTOR_NAMES.join(', ')}.`);
}
