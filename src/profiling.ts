/** The part of the front door that measures this machine and predicts the runtime on it. */
export { fitModel, type ModelMeasurements } from './profile/fit-model.js';
export { isProfile, loadProfile } from './profile/load-profile.js';
export {
  PROFILE_FORMAT,
  type MachineProfile,
  type Measurement,
  type ModelProfile,
} from './profile/machine-profile.js';
export type { MeasureHooks } from './profile/measure-model.js';
export {
  planOnProfile,
  predictSplit,
  type PlannedModel,
  type ProfilePlanOptions,
  type SplitOnMachine,
} from './profile/plan-on-profile.js';
export {
  predictBenchmark,
  type BenchmarkPrediction,
  type Compared,
  type RunPrediction,
} from './profile/predict-benchmark.js';
export { predictRuntime, type RuntimePrediction, type RuntimeRun } from './profile/predict-runtime.js';
export { predictionText } from './profile/prediction-text.js';
export { profileMachine, type ProfileHooks, type ProfileOptions } from './profile/profile-machine.js';
export { profileText } from './profile/profile-text.js';
export type { BatchShape } from './profile/stage-work.js';
