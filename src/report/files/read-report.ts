import { open } from 'node:fs/promises';
import * as v from 'valibot';
import { checkedBy } from '../../../ipu-config/base/checked.js';
import { InputError, IpuPipelineError } from '../../../ipu-config/base/errors.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';
import { brief, parseJson } from '../../../ipu-config/base/json-text.js';
import { reason } from '../../../ipu-config/base/reason.js';
import type { Span } from '../../../pipeline/schedule/span.js';
import { SAVED_BENCHMARK } from '../../benchmark/benchmark-schema.js';
import { SAVED_SIMULATION, type SavedSimulation } from '../../hardware/run-schema.js';
import { readRecording, type RecordedRun } from '../../observe/files/recording.js';
import { TraceWriter } from '../../observe/files/trace-writer.js';
import type { RunDescription } from '../../observe/run-description.js';
import { TIMELINE } from '../../observe/schemas.js';
import { decodeSpans, MOST_SPANS } from '../../observe/span-codec.js';
import { spansOf } from '../../observe/span-table.js';
import { TimelineCollector, type TimelineData } from '../../observe/timeline-collector.js';
import { benchmarkData } from '../data/benchmark-data.js';
import { REPORT_DATA, type ReportData } from '../data/report-data.js';
import { timelinesData } from '../data/timeline-data.js';

/** What the page shows of a saved simulation; reports do not simulate by themselves. */
export type ShowSimulation = (saved: SavedSimulation) => Promise<ReportData>;

/**
 * What the page shows of a file: the JSON of `bench --json` or `simulate --json`, `ReportData`, or a recording of spans.
 * @throws InputError when the file is none of them, or is damaged, naming the field or the record
 */
export async function readReport(path: string, show: ShowSimulation): Promise<ReportData> {
  if (!(await isJson(path))) {
    return timelinesData({ title: 'Recording', subtitle: path }, await recordedTimelines(path));
  }
  return dataOf(path, parseJson(path, await readText(path), InputError), show);
}

/** The runs of a recording, each as far as a page holds it. @throws InputError when it is not a recording */
export async function recordedTimelines(path: string): Promise<TimelineData[]> {
  const collectors: TimelineCollector[] = [];
  await forEachRun(path, {
    beginRun: (run) => collectors.push(new TimelineCollector(run)),
    add: (span) => collectors.at(-1)!.add(span),
  });
  return Promise.all(collectors.map((collector) => collector.timeline()));
}

/**
 * Writes the spans of such a file as a trace: all spans of a recording, in constant memory, or the timelines of a
 * report.
 * @throws InputError when the file cannot be read, or the trace not written
 */
export async function convertToTrace(path: string, tracePath: string, show: ShowSimulation): Promise<void> {
  const timelines = (await isJson(path)) ? ((await readReport(path, show)).timelines ?? []) : undefined;
  const trace = new TraceWriter(tracePath);
  try {
    if (timelines === undefined) return await forEachRun(path, trace);
    for (const { run, spans } of timelines) {
      trace.beginRun(run);
      for (const span of spansOf(await decodeSpans(spans))) trace.add(span);
    }
  } finally {
    trace.close();
  }
}

interface RunSink {
  beginRun(run: RunDescription): void;
  add(span: Span): void;
}

async function forEachRun(path: string, sink: RunSink): Promise<void> {
  for await (const entry of readRecording(path)) {
    if ('run' in entry) sink.beginRun(runOf(entry));
    else if ('kind' in entry) sink.add(entry);
  }
}

function runOf({ run, stages, ipus, kind = 'measured' }: RecordedRun): RunDescription {
  return { name: run, kind, stages, stageToRank: ipus ?? stages.map((_, stage) => stage) };
}

/** A recording is MessagePack, whose first byte is never that of a JSON object or of white space. */
async function isJson(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, 0);
    await file.close();
    return bytesRead === 0 || buffer[0]! < 0x80;
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${reason(error)}.`, { cause: error });
  }
}

const BENCHMARK = v.object({ ...SAVED_BENCHMARK.entries, timelines: v.exactOptional(v.array(TIMELINE)) });
const HEADER = v.object({ format: v.optional(v.unknown()), version: v.optional(v.unknown()) });

async function dataOf(path: string, value: unknown, show: ShowSimulation): Promise<ReportData> {
  const { format, version } = v.is(HEADER, value) ? value : {};
  if (version === 1 && format === 'ipu-pipeline-report') {
    const data = checkedBy(REPORT_DATA, value, path);
    await checkSpans(path, data.timelines);
    return data;
  }
  if (version === 1 && format === 'ipu-pipeline-simulation') {
    return simulated(path, checkedBy(SAVED_SIMULATION, value, path), show);
  }
  if (version === 1 && format === 'ipu-pipeline-benchmark') {
    const { timelines, ...report } = checkedBy(BENCHMARK, value, path);
    await checkSpans(path, timelines);
    return benchmarkData(report, timelines);
  }
  throw new InputError(
    `${path} is no report (format ${brief(format)}, version ${brief(version)}): ` +
      'give a file of `ipu-pipeline bench --json FILE`, `bench --record FILE` or `simulate --json`.',
  );
}

async function simulated(path: string, saved: SavedSimulation, show: ShowSimulation): Promise<ReportData> {
  try {
    return await show(saved);
  } catch (error) {
    if (!(error instanceof IpuPipelineError)) throw error;
    throw new InputError(`${path}: its run cannot be simulated: ${error.message}`, { cause: error });
  }
}

/** Damage is found here rather than by the page's reader. */
async function checkSpans(path: string, timelines: readonly TimelineData[] = []): Promise<void> {
  const count = timelines.reduce((sum, { spans }) => sum + spans.count, 0);
  if (count > MOST_SPANS) {
    throw new InputError(`${path} has timelines of ${count} spans; a page holds ${MOST_SPANS} at most.`);
  }
  for (const [at, { spans }] of timelines.entries()) {
    await decodeSpans(spans).catch((error: unknown) => {
      throw new InputError(`${path}: timelines.${at}.spans: ${reason(error)}.`, { cause: error });
    });
  }
}
