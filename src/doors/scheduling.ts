/** The part of the front door with schedules: made, read, checked, lowered and simulated. */
export { parseAction, printAction } from '../../pipeline/schedule/action-text.js';
export { WHOLE_STAGE, type Action } from '../../pipeline/schedule/action.js';
export { OP_TABLE, OPS, type Dialect, type Op, type OpFacts } from '../../pipeline/schedule/op-table.js';
export { printCell } from '../../pipeline/schedule/cell-text.js';
export type { CsvLayout } from '../../pipeline/schedule/csv-layout.js';
export { ScheduleError, StageFailedError, type StageFailure } from '../../pipeline/schedule/errors.js';
export { EventQueue } from '../../pipeline/simulate/event-queue.js';
export type { Exchange } from '../../pipeline/simulate/exchange.js';
export { lower } from '../../pipeline/schedule/lower.js';
export { costsInNs, opCosts, type CostName, type OpCosts } from '../../pipeline/simulate/op-costs.js';
export { peakActivations, type PeakActivations } from '../../pipeline/schedule/peak-activations.js';
export { Progress, type ProgressLimits } from '../../pipeline/schedule/progress.js';
export {
  RULES,
  waitOf,
  type ReadinessRule,
  type ReadinessView,
  type Wait,
} from '../../pipeline/schedule/readiness.js';
export { runOrder, type Stuck } from '../../pipeline/schedule/run-order.js';
export { parseCsv, printCsv } from '../../pipeline/schedule/schedule-csv.js';
export { printGrid, type GridMark } from '../../pipeline/schedule/schedule-grid.js';
export type { Cell, Schedule, ScheduleGenerator, ScheduleSize } from '../../pipeline/schedule/schedule.js';
export { dualPipeV } from '../../pipeline/schedules/dualpipe-v.js';
export { fillDrain } from '../../pipeline/schedules/fill-drain.js';
export { gpipe } from '../../pipeline/schedules/gpipe.js';
export { interleavedOneFOneB } from '../../pipeline/schedules/interleaved-one-f-one-b.js';
export { lockstep } from '../../pipeline/schedules/lockstep.js';
export { loopedBfs } from '../../pipeline/schedules/looped-bfs.js';
export { oneFOneB } from '../../pipeline/schedules/one-f-one-b.js';
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
} from '../../pipeline/schedules/popart.js';
export {
  namedSchedule,
  SCHEDULE_NAMES,
  scheduleByName,
  SCHEDULES,
  type NamedSchedule,
  type StageLayout,
} from '../../pipeline/schedules/registry.js';
export { sequential } from '../../pipeline/schedules/sequential.js';
export { tfGrouped, tfInterleaved, tfSequential } from '../../pipeline/schedules/tensorflow.js';
export { interleavedZeroBubble, zb1p } from '../../pipeline/schedules/zero-bubble.js';
export { zbv } from '../../pipeline/schedules/zbv.js';
export { simulate, type Simulation, type SimulationOptions } from '../../pipeline/simulate/simulate.js';
export { RankTiler, type RankTotals, type TilerOptions } from '../../pipeline/schedule/rank-tiler.js';
export type { RunningAction, Speed } from '../../pipeline/simulate/shared-cores.js';
export type { Phase, Span, StallCause } from '../../pipeline/schedule/span.js';
export type { CreateStage, Pass, Stage, StageSpec, TrainingStep } from '../../pipeline/runtime/rank/stage.js';
export type { Tensor } from '../../ipu-config/base/tensor.js';
export { inputRow, nextInStream, streamed, type CallRow } from '../../pipeline/schedule/streamed.js';
export { truncate } from '../../pipeline/schedule/truncate.js';
export { validateSchedule } from '../../pipeline/schedule/validate.js';
