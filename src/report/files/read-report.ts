import { open, readFile } from 'node:fs/promises';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { Span } from '../../../pipeline/schedule/span.js';
import type { BenchmarkReport } from '../../benchmark/benchmark-report.js';
import type { Advice } from '../../planning/memory-advice.js';
import type { IpuSimulation } from '../../hardware/simulation.js';
import { benchmarkData } from '../data/benchmark-data.js';
import { readRecording } from '../../observe/files/recording.js';
import type { ReportData } from '../data/report-data.js';
import type { RunDescription } from '../../observe/run-description.js';
import { decodeSpans } from '../../observe/span-codec.js';
import type { RecordedRun } from '../../observe/files/span-recorder.js';
import { spansOf } from '../../observe/span-table.js';
import { TimelineCollector, type TimelineData } from '../../observe/timeline-collector.js';
import { timelinesData } from '../data/timeline-data.js';
import { TraceWriter } from '../../observe/files/trace-writer.js';

/** A simulation as `simulate --json` prints it: it has no spans, but everything that it takes to simulate it again. */
export type SavedSimulation = IpuSimulation & { readonly advice?: readonly Advice[] };

/** What the page shows of a saved simulation; reports do not simulate by themselves. */
export type ShowSimulation = (saved: SavedSimulation) => Promise<ReportData>;

/**
 * What the page shows of a file: the JSON of `bench --json` or `simulate --json`, `ReportData`, or a recording of spans.
 * @throws InputError when the file is none of them, or is damaged
 */
export async function readReport(path: string, show: ShowSimulation): Promise<ReportData> {
  if (!(await isJson(path))) {
    return timelinesData({ title: 'Recording', subtitle: path }, await recordedTimelines(path));
  }
  const value = parse(path, await readText(path));
  try {
    return await checked(await dataOf(path, value, show));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path} is damaged: ${(error as Error).message}.`, { cause: error });
  }
}

/** The runs of a recording, each as far as a page holds it. @throws InputError when it is not a recording */
export async function recordedTimelines(path: string): Promise<TimelineData[]> {
  const collectors: TimelineCollector[] = [];
  await forEachRun(path, {
    beginRun: (run) => collectors.push(new TimelineCollector(run)),
    add: (span) => collectors.at(-1)?.add(span),
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
    throw new InputError(`cannot read ${path}: ${(error as Error).message}.`, { cause: error });
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new InputError(`cannot read ${path}: ${(error as Error).message}.`, { cause: error });
  });
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path} is neither JSON nor a recording of spans: ${(error as Error).message}.`);
  }
}

interface Formatted {
  readonly format?: unknown;
  readonly version?: unknown;
  readonly timelines?: readonly TimelineData[];
}

async function dataOf(path: string, value: unknown, show: ShowSimulation): Promise<ReportData> {
  const { format, version, timelines } = (value ?? {}) as Formatted;
  if (version === 1 && format === 'ipu-pipeline-report') return value as ReportData;
  if (version === 1 && format === 'ipu-pipeline-simulation') return show(value as SavedSimulation);
  if (version === 1 && format === 'ipu-pipeline-benchmark') {
    return benchmarkData(value as BenchmarkReport, timelines);
  }
  throw new InputError(
    `${path} is no report (format ${JSON.stringify(format)}, version ${JSON.stringify(version)}): ` +
      'give a file of `ipu-pipeline bench --json FILE`, `bench --record FILE` or `simulate --json`.',
  );
}

/** Damage is found here rather than by the page's reader. */
async function checked(data: ReportData): Promise<ReportData> {
  for (const { spans } of data.timelines ?? []) await decodeSpans(spans);
  return data;
}
