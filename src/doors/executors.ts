/** `ipu-pipeline/executors`: what computes a stage. */
export {
  type ExecutorChoice,
  checkAdapter,
  chooseExecutor,
  executorChoices,
} from '../executors/choice/choose-executor.js';
export type { Probed } from '../executors/choice/run-probe.js';
export {
  type Cells,
  type CompiledKernel,
  type ComputeDevice,
  type DeviceArray,
  GPU_JS_MODES,
  type GpuJsMode,
} from '../executors/gpu-js/device.js';
export { gpuJsExecutor } from '../executors/gpu-js/gpu-js-executor.js';
export { gelu } from '../executors/gpu-js/kernels/activation.js';
export type { ArgumentType, KernelDefinition, KernelThread } from '../executors/gpu-js/kernels/definition.js';
export type { Adapter, GpuJsFacts } from '../executors/gpu-js/probe-adapters.js';
export { onnxExecutor } from '../executors/onnx/onnx-executor.js';
export type { OnnxFacts } from '../executors/onnx/probe-onnx.js';
export { referenceExecutor } from '../executors/reference/reference-executor.js';
export { executorByName, registerExecutor } from '../executors/registry.js';
export type { Executor, ExecutorOptions, StageExecutor } from '../executors/stage-executor.js';
