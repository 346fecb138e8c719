/** `ipu-pipeline/report`: spans, recordings, traces, tables and pages. */
export {
  type RecordedRun,
  type RecordingEntry,
  type RecordingHeader,
  readRecording,
} from '../observe/files/recording.js';
export { SpanRecorder } from '../observe/files/span-recorder.js';
export { TraceWriter } from '../observe/files/trace-writer.js';
export { type RunDescription, runOfSchedule } from '../observe/run-description.js';
export type { EncodedSpans } from '../observe/span-codec.js';
export type { SpanKind } from '../observe/span-table.js';
export { TimelineCollector, type TimelineData } from '../observe/timeline-collector.js';
export { TraceEvents } from '../observe/trace-events.js';
export { benchmarkData } from '../report/data/benchmark-data.js';
export type { PlaygroundStart } from '../report/playground/playground-start.js';
export {
  type Configuration,
  REPORT_DATA,
  type ReportData,
  type ReportTable,
} from '../report/data/report-data.js';
export {
  type SimulationDataExtras,
  configurationData,
  simulationData,
} from '../report/data/simulation-data.js';
export { type ScheduleFigures, scheduleVerdict } from '../report/data/schedule-verdict.js';
export { timelinesData } from '../report/data/timeline-data.js';
export {
  type ShowSimulation,
  convertToTrace,
  readReport,
  recordedTimelines,
} from '../report/files/read-report.js';
export { writeReport } from '../report/html/html-report.js';
export { playgroundHtml } from '../report/html/playground.js';
export { adviceText } from '../report/text/advice-text.js';
export { benchmarkTable } from '../report/text/benchmark-table.js';
export { comparisonText } from '../report/text/comparison-text.js';
export { doctorText } from '../report/text/doctor-text.js';
export { machineText } from '../report/text/machine-text.js';
export { bareTable, type TextTable } from '../report/text/plain-table.js';
export { packingLines } from '../report/text/packing-text.js';
export { planText } from '../report/text/plan-text.js';
export { fitText, pointsTable } from '../report/text/points-table.js';
export { predictionText } from '../report/text/prediction-text.js';
export { profileText } from '../report/text/profile-text.js';
export { simulationTable } from '../report/text/simulation-table.js';
export { sweepCsv, sweepTable } from '../report/text/sweep-table.js';
