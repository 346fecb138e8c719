/** The part of the front door that chooses and looks at executors. */
export { doctorText } from '../report/text/doctor-text.js';
export { examineMachine, type Availability, type Doctor } from '../machine/doctor.js';
export {
  autoChoice,
  checkAdapter,
  chooseExecutor,
  executorChoices,
  probeGpuJs,
  type ExecutorChoice,
} from '../executors/choice/choose-executor.js';
export {
  GPU_JS_MODES,
  type Cells,
  type ComputeDevice,
  type DeviceArray,
  type DeviceOptions,
  type GpuJsMode,
  type Program,
} from '../executors/gpu-js/device.js';
export { GpuLostError } from '../executors/gpu-js/gpu-faults.js';
export { gpuJsExecutor } from '../executors/gpu-js/gpu-js-executor.js';
export type { KernelDefinition, KernelThread } from '../executors/gpu-js/kernels/definition.js';
export { gelu } from '../executors/gpu-js/kernels/activation.js';
export {
  matmulByFours,
  matmulConstants,
  matmulInBlocks,
  matmulSideBySide,
} from '../executors/gpu-js/kernels/matmul.js';
export { exponentialsByTable, POWERS_OF_HALF } from '../executors/gpu-js/kernels/softmax.js';
export { inPanels } from '../executors/gpu-js/weight-panels.js';
export { openComputeDevice } from '../executors/gpu-js/open-device.js';
export type { Adapter, GpuJsFacts } from '../executors/gpu-js/probe-adapters.js';
export { onnxExecutor } from '../executors/onnx/onnx-executor.js';
export { referenceExecutor } from '../executors/reference/reference-executor.js';
export {
  executorByName,
  executorNames,
  registerExecutor,
  type ExecutorModule,
} from '../executors/registry.js';
export { runProbe, type Probed } from '../executors/choice/run-probe.js';
export type { Executor, ExecutorOptions, StageExecutor } from '../executors/stage-executor.js';
