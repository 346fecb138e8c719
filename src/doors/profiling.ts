/** The part of the front door that measures this machine and predicts the runtime on it. */
export { fitModel, type ModelMeasurements } from '../machine/fit-model.js';
export { isProfile, loadProfile } from '../machine/load-profile.js';
export {
  PROFILE_FORMAT,
  type MachineProfile,
  type Measurement,
  type ModelProfile,
} from '../machine/machine-profile.js';
export type { MeasureHooks } from '../machine/measure-model.js';
export {
  planOnProfile,
  predictSplit,
  type PlannedModel,
  type ProfilePlanOptions,
  type SplitOnMachine,
} from '../machine/plan-on-profile.js';
export {
  predictBenchmark,
  type BenchmarkPrediction,
  type Compared,
  type RunPrediction,
} from '../machine/predict-benchmark.js';
export { predictRuntime, type RuntimePrediction, type RuntimeRun } from '../machine/predict-runtime.js';
export { predictionText } from '../report/text/prediction-text.js';
export { profileMachine, type ProfileHooks, type ProfileOptions } from '../machine/profile-machine.js';
export { profileText } from '../report/text/profile-text.js';
export type { BatchShape } from '../machine/stage-work.js';
