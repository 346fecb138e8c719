/** `ipu-pipeline/schedules`: schedules of a pipeline, made, read, printed, checked and lowered. */
export { parseAction, printAction } from '../../pipeline/schedule/action-text.js';
export { type Action, WHOLE_STAGE } from '../../pipeline/schedule/action.js';
export type { CsvLayout, WrittenCell } from '../../pipeline/schedule/csv-layout.js';
export { lower } from '../../pipeline/schedule/lower.js';
export { type Dialect, OPS, type Op } from '../../pipeline/schedule/op-table.js';
export { type PeakActivations, peakActivations } from '../../pipeline/schedule/peak-activations.js';
export type { ProgressLimits } from '../../pipeline/schedule/progress.js';
export type { RankTotals } from '../../pipeline/schedule/rank-tiler.js';
export { type ReadinessView, type Wait, waitOf } from '../../pipeline/schedule/readiness.js';
export { type Stuck, runOrder } from '../../pipeline/schedule/run-order.js';
export { parseCsv, printCsv } from '../../pipeline/schedule/schedule-csv.js';
export { type GridMark, printGrid } from '../../pipeline/schedule/schedule-grid.js';
export type { Cell, Schedule, ScheduleGenerator, ScheduleSize } from '../../pipeline/schedule/schedule.js';
export type { Phase, Span, StallCause } from '../../pipeline/schedule/span.js';
export { type CallRow, nextInStream, streamed } from '../../pipeline/schedule/streamed.js';
export { truncate } from '../../pipeline/schedule/truncate.js';
export { validateSchedule } from '../../pipeline/schedule/validate.js';
export { fillDrain } from '../../pipeline/schedules/fill-drain.js';
export { gpipe } from '../../pipeline/schedules/gpipe.js';
export {
  type NamedSchedule,
  SCHEDULES,
  SCHEDULE_NAMES,
  type StageLayout,
  namedSchedule,
  scheduleByName,
} from '../../pipeline/schedules/registry.js';
export { sequential } from '../../pipeline/schedules/sequential.js';
export { zbv } from '../../pipeline/schedules/zbv.js';
export { zb1p } from '../../pipeline/schedules/zero-bubble.js';
