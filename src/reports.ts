/** The part of the front door that makes traces and reports. */
export { ACTIVITIES, ACTIVITY_TEXT, activityOf, type Activity } from './report/activity.js';
export { benchmarkData } from './report/benchmark-data.js';
export { benchmarkTable } from './report/benchmark-table.js';
export { reportHtml, writeReport } from './report/html-report.js';
export { playgroundHtml } from './report/playground.js';
export type { PlaygroundStart } from './report/playground-start.js';
export { activityPaint, seriesPaint, type Paint } from './report/palette.js';
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
  TimelineData,
} from './report/report-data.js';
export { convertToTrace, readReport, recordedTimelines } from './report/report-source.js';
export { runOfSchedule, type RunDescription } from './report/run-description.js';
export { decodeSpans, encodeSpans, type EncodedSpans } from './report/span-codec.js';
export {
  SpanTableBuilder,
  spansOf,
  timeByActivity,
  type SpanKind,
  type SpanRow,
  type SpanTable,
} from './report/span-table.js';
export { TIMELINE_SPANS, TimelineCollector } from './report/timeline-collector.js';
export {
  configurationData,
  describeRun,
  simulatedTimeline,
  simulationData,
} from './report/simulation-data.js';
export { timelineBars, timelinesData } from './report/timeline-data.js';
export { TraceEvents } from './report/trace-events.js';
export { TraceWriter } from './report/trace-writer.js';
export { readRecording, type RecordingEntry } from './report/recording.js';
export { SpanRecorder, type RecordedRun, type RecordingHeader } from './report/span-recorder.js';
