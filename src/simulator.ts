/** The part of the front door that simulates IPUs; it runs in a browser too. */
export { lockstepTime, type LockstepStage } from '../pipeline/lockstep-time.js';
export { shareRanks } from '../pipeline/share-ranks.js';
export {
  simulateLockstep,
  type CommonPhase,
  type LockstepOptions,
  type LockstepRank,
  type LockstepRun,
  type Prelude,
} from '../pipeline/simulate-lockstep.js';
export { fitPoints, leaveOneOut, type LeftOut, type PointsWith } from './ipu/calibrate.js';
export { configuredRun, type ConfiguredRun, type RunSettings as IpuRunSettings } from './ipu/config-run.js';
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
} from './ipu/hardware-specs.js';
export type { ChipSpec, Hardware, SystemSpec } from './ipu/hardware.js';
export { planMatmul, type Matmul, type MatmulPlan, type MatmulSettings } from './ipu/matmul.js';
export { adviceFor, type Advice } from './ipu/memory-advice.js';
export { MEMORY_CATEGORIES, memoryPerIpu, type IpuMemory, type MemoryCategory } from './ipu/memory.js';
export { HEADS, type Head, type ModelShape } from './ipu/model-shape.js';
export { planConfig, type ConfigPlan, type ConfigPlanOptions } from './ipu/plan-config.js';
export { planSplit, type Plan, type PlanOptions } from './ipu/plan.js';
export { parsePoints, type Measured, type MeasuredPoint } from './ipu/points.js';
export {
  comparePoints,
  predictRates,
  type ComparedPoint,
  type PointsComparison,
  type PredictedRates,
} from './ipu/predict.js';
export { PUBLISHED_MODELS, publishedModel } from './ipu/published-models.js';
export type { IpuRun, IpuStage, Optimizer, Precision, Recompute, ScheduleChoice } from './ipu/run-spec.js';
export { scheduleOf } from './ipu/run-schedule.js';
export { simulateCall, type SimulatedCall, type SimulatedUpdate } from './ipu/simulate-run.js';
export {
  simulateIpus,
  stageLabel,
  type IpuSimulation,
  type IpuTime,
  type SimulationExtras,
} from './ipu/simulation.js';
export { stageCosts, type StageCost } from './ipu/stage-cost.js';
export { sweepConfig, type SweepRow, type Varied } from './ipu/sweep.js';
