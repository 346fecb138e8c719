/** `ipu-pipeline/simulator`: IPUs, their costs, memory and time; plans and sweeps of splits. Runs in a browser too. */
export type { Exchange } from '../../pipeline/simulate/exchange.js';
export {
  COST_NAMES,
  type CostName,
  type OpCosts,
  costsInNs,
  opCosts,
} from '../../pipeline/simulate/op-costs.js';
export type { RunningAction, Speed } from '../../pipeline/simulate/shared-cores.js';
export {
  type CommonPhase,
  type LockstepOptions,
  type LockstepRun,
  type Prelude,
  simulateLockstep,
} from '../../pipeline/simulate/simulate-lockstep.js';
export { type Simulation, type SimulationOptions, simulate } from '../../pipeline/simulate/simulate.js';
export {
  type ConfiguredRun,
  type RunSettings as IpuRunSettings,
  checkSettings,
  configuredRun,
} from '../hardware/config-run.js';
export { type Calibration, calibrationOf } from '../hardware/calibration.js';
export { type HardwareOverrides, SYSTEM_NAMES, systemByName } from '../hardware/hardware-specs.js';
export type { ChipSpec, Hardware, SystemSpec } from '../hardware/hardware.js';
export { type IpuMemory, MEMORY_CATEGORIES, type MemoryCategory } from '../hardware/memory.js';
export { HEADS, type Head, type ModelShape, headsFor } from '../hardware/model-shape.js';
export { type PredictedRates, ratesOnOneIpu } from '../hardware/predict.js';
export { PUBLISHED_MODELS, publishedModel, sizesOf } from '../hardware/published-models.js';
export { shapeOfConfig } from '../hardware/shape-of-config.js';
export type { FieldNames } from '../hardware/ranges.js';
export { SAVED_SIMULATION, type SavedSimulation } from '../hardware/run-schema.js';
export {
  type IpuRun,
  type IpuStage,
  OPTIMIZERS,
  type Optimizer,
  type Precision,
  type Recompute,
  type ScheduleChoice,
  type StashPrecision,
} from '../hardware/run-spec.js';
export {
  type IpuSimulation,
  type IpuTime,
  type SimulationExtras,
  describeRun,
  simulateIpus,
} from '../hardware/simulation.js';
export {
  type LeftOut,
  type OnFitProgress,
  type PointsWith,
  fitPoints,
  leaveOneOut,
} from '../planning/calibrate.js';
export {
  type ComparedPoint,
  type Measured,
  type MeasuredPoint,
  type PointsComparison,
  comparePoints,
} from '../planning/compare-points.js';
export { type Advice, type AdviceChange, adviceFor } from '../planning/memory-advice.js';
export {
  type ConfigPlan,
  type ConfigPlanOptions,
  type RefusedPlan,
  givenAttributes,
  planConfig,
  withSplit,
} from '../planning/plan-config.js';
export {
  type LengthHistogram,
  PUBLISHED_LENGTHS,
  checkLengths,
  parseLengths,
  publishedLengths,
} from '../planning/packing/length-histogram.js';
export {
  type Pack,
  type Packing,
  type PackingOptions,
  type PackingWorth,
  packRows,
  packingWorth,
} from '../planning/packing/pack-rows.js';
export type { Plan, PlanOptions } from '../planning/plan.js';
export { type LoadedPoints, loadPoints, parsePoints } from '../planning/points.js';
export { type SweepRow, type Varied, sweepConfig } from '../planning/sweep.js';
