import { InputError } from '../../ipu-config/base/errors.js';
import { GPU_JS_MODES } from './gpu-js/device.js';
import { gpuJsExecutor } from './gpu-js/gpu-js-executor.js';
import { onnxExecutor } from './onnx/onnx-executor.js';
import { referenceExecutor } from './reference/reference-executor.js';
import type { Executor } from './stage-executor.js';

const EXECUTORS: readonly Executor[] = [onnxExecutor, referenceExecutor, ...GPU_JS_MODES.map(gpuJsExecutor)];

/** Executors by their full names: what a choice (`chooseExecutor`) comes down to, and what workers are given. */
export const EXECUTOR_NAMES: readonly string[] = EXECUTORS.map(({ name }) => name);

/** @throws InputError that lists the executors there are. */
export function executorByName(name: string): Executor {
  const found = EXECUTORS.find((executor) => executor.name === name);
  if (found) return found;
  throw new InputError(`there is no executor "${name}"; there are ${EXECUTOR_NAMES.join(', ')}.`);
}
