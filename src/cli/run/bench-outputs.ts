import { writeOutput } from '../../../ipu-config/base/files/output-file.js';
import type { Span } from '../../../pipeline/schedule/span.js';
import type { BenchmarkReport } from '../../benchmark/benchmark-report.js';
import { benchmarkData } from '../../report/data/benchmark-data.js';
import { writeReport } from '../../report/html/html-report.js';
import { typedCommand } from '../flags/typed-command.js';
import type { RunDescription } from '../../observe/run-description.js';
import { SpanRecorder } from '../../observe/files/span-recorder.js';
import { TimelineCollector, type TimelineData } from '../../observe/timeline-collector.js';
import { TraceWriter } from '../../observe/files/trace-writer.js';

/** Files that a benchmark is asked to write. */
export interface OutputFlags {
  readonly json?: string;
  readonly record?: string;
  readonly trace?: string;
  readonly html?: string;
}

/** Where the spans of a benchmark go while it runs, and what is written when it has ended. */
export class BenchOutputs {
  readonly #flags: OutputFlags;
  readonly #recorder: SpanRecorder | undefined;
  readonly #trace: TraceWriter | undefined;
  readonly #collectors: TimelineCollector[] = [];

  /** @throws InputError where a file cannot be written */
  constructor(flags: OutputFlags) {
    this.#flags = flags;
    this.#recorder = flags.record === undefined ? undefined : new SpanRecorder(flags.record, flags);
    this.#trace = flags.trace === undefined ? undefined : new TraceWriter(flags.trace);
  }

  get wantsSpans(): boolean {
    const { json, record, trace, html } = this.#flags;
    return [json, record, trace, html].some((file) => file !== undefined);
  }

  beginRun(run: RunDescription): void {
    const { name, kind, stages, stageToRank } = run;
    this.#recorder?.beginRun({ run: name, kind, stages, ipus: stageToRank });
    this.#trace?.beginRun(run);
    if (this.#flags.json !== undefined || this.#flags.html !== undefined) {
      this.#collectors.push(new TimelineCollector(run));
    }
  }

  add(span: Span): void {
    this.#recorder?.add(span);
    this.#trace?.add(span);
    this.#collectors.at(-1)?.add(span);
  }

  /** The files that grew with the run are complete, also when it failed. */
  close(): void {
    this.#recorder?.close();
    this.#trace?.close();
  }

  /** Writes the files that need the whole result. */
  async write(report: BenchmarkReport): Promise<void> {
    const { json, html } = this.#flags;
    const timelines: TimelineData[] = [];
    for (const collector of this.#collectors) timelines.push(await collector.timeline());
    const saved = { ...report, command: typedCommand() };
    if (json !== undefined) {
      const text = `${JSON.stringify({ ...saved, timelines }, null, 2)}\n`;
      writeOutput(json, text);
    }
    if (html !== undefined) await writeReport(html, benchmarkData(saved, timelines));
  }
}
