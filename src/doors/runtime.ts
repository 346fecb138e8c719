/** `ipu-pipeline/runtime`: stages of your own on worker threads. */
export type { CallOutputMode, CallResult } from '../../pipeline/runtime/calls.js';
export type { StageStats } from '../../pipeline/runtime/coordinator.js';
export type { PipelineInputs } from '../../pipeline/runtime/input-feed.js';
export type { PipelineState } from '../../pipeline/runtime/lifecycle.js';
export type { PipelineOptions } from '../../pipeline/runtime/options.js';
export type { CallOptions } from '../../pipeline/runtime/pipeline.js';
export type {
  CreateStage,
  DeviceTransfers,
  Pass,
  Stage,
  StageSpec,
  TrainingStep,
} from '../../pipeline/runtime/rank/stage.js';
export type { RunResult } from '../../pipeline/runtime/result-queue.js';
