/** `ipu-pipeline/machine`: this machine, examined, measured and predicted; benchmarks. */
export type {
  BenchmarkReport,
  BenchmarkSettings,
  LatencyHistogram,
  MeasuredRun,
  MeasuredStage,
  Percentiles,
} from '../benchmark/benchmark-report.js';
export { SAVED_BENCHMARK, type SavedBenchmark } from '../benchmark/benchmark-schema.js';
export type { BenchmarkHooks, BenchmarkOptions } from '../benchmark/benchmark.js';
export {
  type BenchmarkComparison,
  type ComparedRun,
  checkSameWork,
  compareBenchmarks,
} from '../benchmark/compare-benchmarks.js';
export type { Environment } from '../benchmark/environment.js';
export type { RankActivity, SteadyActivity } from '../benchmark/steady-window.js';
export type { WorkloadTokenizer } from '../benchmark/workload.js';
export { type Availability, type Doctor, examineMachine } from '../machine/doctor.js';
export { loadProfile } from '../machine/load-profile.js';
export { type MachineProfile, PROFILE_SCHEMA } from '../machine/machine-profile.js';
export type { MeasureHooks } from '../machine/measure-model.js';
export {
  type PlannedModel,
  type ProfilePlanOptions,
  type SplitOnMachine,
  planOnProfile,
} from '../machine/plan-on-profile.js';
export {
  type BenchmarkPrediction,
  type BenchmarkedRun,
  type Compared,
  type PredictionHooks,
  type RunPrediction,
  predictBenchmark,
} from '../machine/predict-benchmark.js';
export { type RuntimePrediction, type RuntimeRun, predictRuntime } from '../machine/predict-runtime.js';
export { type ProfileHooks, type ProfileOptions, profileMachine } from '../machine/profile-machine.js';
export type { BatchShape } from '../machine/stage-work.js';
