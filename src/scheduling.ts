/** The part of the front door with schedules: made, read, checked, lowered and simulated. */
export { parseAction, printAction, type Dialect } from '../pipeline/action-text.js';
export { OPS, WHOLE_STAGE, type Action, type Op } from '../pipeline/action.js';
export { printCell } from '../pipeline/cell-text.js';
export type { CsvLayout } from '../pipeline/csv-layout.js';
export { ScheduleError, StageFailedError, type StageFailure } from '../pipeline/errors.js';
export { EventQueue } from '../pipeline/event-queue.js';
export type { Exchange } from '../pipeline/exchange.js';
export { lower } from '../pipeline/lower.js';
export { costsInNs, opCosts, type CostName, type OpCosts } from '../pipeline/op-costs.js';
export { peakActivations, type PeakActivations } from '../pipeline/peak-activations.js';
export { Progress, type ProgressLimits } from '../pipeline/progress.js';
export { waitOf, type ReadinessView, type Wait } from '../pipeline/readiness.js';
export { runOrder, type Stuck } from '../pipeline/run-order.js';
export { parseCsv, printCsv } from '../pipeline/schedule-csv.js';
export { printGrid, type GridMark } from '../pipeline/schedule-grid.js';
export type { Cell, Schedule, ScheduleGenerator, ScheduleSize } from '../pipeline/schedule.js';
export { dualPipeV } from '../pipeline/schedules/dualpipe-v.js';
export { fillDrain } from '../pipeline/schedules/fill-drain.js';
export { gpipe } from '../pipeline/schedules/gpipe.js';
export { interleavedOneFOneB } from '../pipeline/schedules/interleaved-one-f-one-b.js';
export { lockstep } from '../pipeline/schedules/lockstep.js';
export { loopedBfs } from '../pipeline/schedules/looped-bfs.js';
export { oneFOneB } from '../pipeline/schedules/one-f-one-b.js';
export {
  mergeStages,
  pipelineUtilisation,
  popartPhases,
  popartSchedule,
  type CycleRange,
  type MergedStages,
  type PopartPhases,
  type PopartSize,
  type Utilisation,
} from '../pipeline/schedules/popart.js';
export {
  namedSchedule,
  SCHEDULE_NAMES,
  scheduleByName,
  SCHEDULES,
  type NamedSchedule,
  type StageLayout,
} from '../pipeline/schedules/registry.js';
export { sequential } from '../pipeline/schedules/sequential.js';
export { tfGrouped, tfInterleaved, tfSequential } from '../pipeline/schedules/tensorflow.js';
export { interleavedZeroBubble, zb1p } from '../pipeline/schedules/zero-bubble.js';
export { zbv } from '../pipeline/schedules/zbv.js';
export { simulate, type Simulation, type SimulationOptions } from '../pipeline/simulate.js';
export type { RankTotals } from '../pipeline/simulated-rank.js';
export {
  simulateShared,
  type RunningAction,
  type SharedSimulationOptions,
} from '../pipeline/simulate-shared.js';
export type { Phase, Span, StallCause } from '../pipeline/span.js';
export type { CreateStage, Stage, StageSpec } from '../pipeline/stage.js';
export type { Tensor } from '../pipeline/tensor.js';
export { truncate } from '../pipeline/truncate.js';
export { validateSchedule } from '../pipeline/validate.js';
