/** The part of the front door that makes traces and reports. */
export { ACTIVITIES, ACTIVITY_TEXT, activityOf, type Activity } from '../observe/activity.js';
export { benchmarkData } from '../report/data/benchmark-data.js';
export { benchmarkTable } from '../report/text/benchmark-table.js';
export { reportHtml, writeReport } from '../report/html/html-report.js';
export type { SavedBenchmark } from '../benchmark/benchmark-schema.js';
export { playgroundHtml } from '../report/html/playground.js';
export type { PlaygroundStart } from '../report/data/playground-start.js';
export { activityPaint, seriesPaint, type Paint } from '../observe/palette.js';
export type {
  Configuration,
  Fact,
  Highlight,
  LatencyDistribution,
  ReportData,
  ReportTable,
  StackedBar,
  StackedBars,
  Throughput,
} from '../report/data/report-data.js';
export {
  convertToTrace,
  readReport,
  recordedTimelines,
  type ShowSimulation,
} from '../report/files/read-report.js';
export { runOfSchedule, type RunDescription } from '../observe/run-description.js';
export { decodeSpans, encodeSpans, type EncodedSpans } from '../observe/span-codec.js';
export {
  SpanTableBuilder,
  spansOf,
  timeByActivity,
  type SpanKind,
  type SpanRow,
  type SpanTable,
} from '../observe/span-table.js';
export { TIMELINE_SPANS, TimelineCollector, type TimelineData } from '../observe/timeline-collector.js';
export { configurationData, simulationData } from '../report/data/simulation-data.js';
export { timelineBars, timelinesData } from '../report/data/timeline-data.js';
export { TraceEvents } from '../observe/trace-events.js';
export { TraceWriter } from '../observe/files/trace-writer.js';
export {
  readRecording,
  type RecordedRun,
  type RecordingEntry,
  type RecordingHeader,
} from '../observe/files/recording.js';
export { SpanRecorder } from '../observe/files/span-recorder.js';
