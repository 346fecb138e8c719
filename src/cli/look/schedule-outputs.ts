import { Option } from 'commander';
import type { Schedule } from '../../../pipeline/schedule/schedule.js';
import type { Span } from '../../../pipeline/schedule/span.js';
import { writeReport } from '../../report/html/html-report.js';
import type { ReportTable } from '../../report/data/report-data.js';
import { runOfSchedule } from '../../observe/run-description.js';
import { TimelineCollector } from '../../observe/timeline-collector.js';
import { timelinesData } from '../../report/data/timeline-data.js';
import { TraceWriter } from '../../observe/files/trace-writer.js';
import type { CostTable } from './op-costs.js';

/** Files that a command on schedules is asked to write. */
export interface ScheduleOutputFlags {
  readonly trace?: string;
  readonly html?: string;
}

export function scheduleOutputOptions(): Option[] {
  return [
    new Option('--trace <file>', 'write a trace for Perfetto or chrome://tracing'),
    new Option('--html <file>', 'write a page with the timeline'),
  ];
}

/** Where the spans of simulated schedules go. */
export class ScheduleOutputs {
  readonly #flags: ScheduleOutputFlags;
  readonly #trace: TraceWriter | undefined;
  readonly #collectors: TimelineCollector[] = [];

  /** @throws InputError when the trace cannot be written */
  constructor(flags: ScheduleOutputFlags) {
    this.#flags = flags;
    this.#trace = flags.trace === undefined ? undefined : new TraceWriter(flags.trace);
  }

  /** @returns what takes the spans of this schedule; undefined when nothing is to be written */
  begin(schedule: Schedule, costs: CostTable | undefined): ((span: Span) => void) | undefined {
    const { trace, html } = this.#flags;
    if (trace === undefined && html === undefined) return undefined;
    const nsPerStep = costs ? costs.nsPerUnit : 1;
    const run = runOfSchedule(schedule, costs?.isTime ? {} : { nsPerStep });
    this.#trace?.beginRun(run);
    const collector = html === undefined ? undefined : new TimelineCollector(run);
    if (collector) this.#collectors.push(collector);
    return (span) => {
      this.#trace?.add(span);
      collector?.add(span);
    };
  }

  /** Ends the trace; also after an error, for what there is to be whole JSON. */
  close(): void {
    this.#trace?.close();
  }

  /** @throws InputError when the page cannot be written */
  async writePage(title: string, tables: readonly ReportTable[]): Promise<void> {
    const { html } = this.#flags;
    if (html === undefined) return;
    const timelines = await Promise.all(this.#collectors.map((collector) => collector.timeline()));
    await writeReport(html, await timelinesData({ title, tables }, timelines));
  }
}
