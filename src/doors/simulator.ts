/** The part of the front door that simulates IPUs; it runs in a browser too. */
export { lockstepTime, type LockstepStage } from '../../pipeline/simulate/lockstep-time.js';
export { shareRanks } from '../../pipeline/schedule/share-ranks.js';
export {
  simulateLockstep,
  type CommonPhase,
  type LockstepOptions,
  type LockstepRun,
  type Prelude,
} from '../../pipeline/simulate/simulate-lockstep.js';
export { fitPoints, leaveOneOut, type LeftOut, type PointsWith } from '../planning/calibrate.js';
export {
  configuredRun,
  type ConfiguredRun,
  type RunSettings as IpuRunSettings,
} from '../hardware/config-run.js';
export {
  CHIP_NAMES,
  CHIPS,
  chipByName,
  hardwareOf,
  override,
  SYSTEM_NAMES,
  SYSTEMS,
  systemByName,
  type HardwareOverrides,
} from '../hardware/hardware-specs.js';
export type { ChipSpec, Hardware, SystemSpec } from '../hardware/hardware.js';
export { planMatmul, type Matmul, type MatmulPlan, type MatmulSettings } from '../hardware/matmul.js';
export { adviceFor, type Advice } from '../planning/memory-advice.js';
export { MEMORY_CATEGORIES, memoryPerIpu, type IpuMemory, type MemoryCategory } from '../hardware/memory.js';
export { HEADS, type Head, type ModelShape } from '../hardware/model-shape.js';
export { planConfig, type ConfigPlan, type ConfigPlanOptions } from '../planning/plan-config.js';
export { planSplit, type Plan, type PlanOptions } from '../planning/plan.js';
export { loadPoints, parsePoints, type Measured, type MeasuredPoint } from '../planning/points.js';
export { comparePoints, type ComparedPoint, type PointsComparison } from '../planning/compare-points.js';
export { predictRates, ratesOnOneIpu, type PredictedRates } from '../hardware/predict.js';
export { PUBLISHED_MODELS, publishedModel } from '../hardware/published-models.js';
export type {
  IpuRun,
  IpuStage,
  Optimizer,
  Precision,
  Recompute,
  ScheduleChoice,
} from '../hardware/run-spec.js';
export type { SavedSimulation } from '../hardware/run-schema.js';
export { scheduleOf } from '../hardware/run-schedule.js';
export { simulateCall, type SimulatedCall, type SimulatedUpdate } from '../hardware/simulate-run.js';
export {
  describeRun,
  simulateIpus,
  stageLabel,
  type IpuSimulation,
  type IpuTime,
  type SimulationExtras,
} from '../hardware/simulation.js';
export { stageCosts, type StageCost } from '../hardware/stage-cost.js';
export { sweepConfig, type SweepRow, type Varied } from '../planning/sweep.js';
