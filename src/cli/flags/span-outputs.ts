import type { Span } from '../../../pipeline/schedule/span.js';
import { TraceWriter } from '../../observe/files/trace-writer.js';
import type { RunDescription } from '../../observe/run-description.js';
import { TimelineCollector, type TimelineData } from '../../observe/timeline-collector.js';
import type { ReportData } from '../../report/data/report-data.js';
import { writeReport } from '../../report/html/html-report.js';
import { typedCommand } from './typed-command.js';

/** Files that a command is asked to write of what it simulates. */
export interface SpanOutputFlags {
  readonly trace?: string;
  readonly html?: string;
}

/** Where the spans of simulated runs go: each run is simulated once, whatever is written of it. */
export class SpanOutputs {
  readonly #flags: SpanOutputFlags;
  readonly #trace: TraceWriter | undefined;
  readonly #collectors: TimelineCollector[] = [];

  /** @throws InputError when the trace cannot be written */
  constructor(flags: SpanOutputFlags) {
    this.#flags = flags;
    this.#trace = flags.trace === undefined ? undefined : new TraceWriter(flags.trace);
  }

  /** @returns `onSpan`, which takes the spans of this run; nothing when nothing is to be written */
  begin(run: RunDescription): { readonly onSpan?: (span: Span) => void } {
    const { trace, html } = this.#flags;
    if (trace === undefined && html === undefined) return {};
    this.#trace?.beginRun(run);
    const collector = html === undefined ? undefined : new TimelineCollector(run);
    if (collector) this.#collectors.push(collector);
    return {
      onSpan: (span) => {
        this.#trace?.add(span);
        collector?.add(span);
      },
    };
  }

  /** Ends the trace; also after an error, for what there is to be whole JSON. */
  close(): void {
    this.#trace?.close();
  }

  /** @param data makes the page of the runs' timelines. @throws InputError when it cannot be written */
  async writePage(
    data: (timelines: readonly TimelineData[]) => ReportData | Promise<ReportData>,
  ): Promise<void> {
    const { html } = this.#flags;
    if (html === undefined) return;
    const timelines = await Promise.all(this.#collectors.map((collector) => collector.timeline()));
    await writeReport(html, { ...(await data(timelines)), command: typedCommand() });
  }
}
