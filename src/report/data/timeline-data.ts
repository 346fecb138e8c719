import type { ReportData, StackedBars } from './report-data.js';
import { rankName } from '../../observe/run-description.js';
import { decodeSpans } from '../../observe/span-codec.js';
import type { TimelineData } from '../../observe/timeline-collector.js';
import { timeByActivity, type SpanTable } from '../../observe/span-table.js';
import { timelinesVerdict } from './timeline-verdict.js';

/**
 * A page of nothing but timelines and what follows from them: of schedules, of recordings.
 * @throws RangeError when the spans of one cannot be decoded
 */
export async function timelinesData(
  about: Pick<ReportData, 'title'> & Partial<ReportData>,
  timelines: readonly TimelineData[],
): Promise<ReportData> {
  const kinds = new Set(timelines.map(({ run }) => run.kind));
  const tables = await Promise.all(timelines.map(({ spans }) => decodeSpans(spans)));
  const verdict = timelinesVerdict(timelines.map(({ run }, at) => ({ run, table: tables[at]! })));
  return {
    format: 'ipu-pipeline-report',
    version: 1,
    kind: kinds.size > 1 ? 'measured and simulated' : ([...kinds][0] ?? 'simulated'),
    timelines,
    time: timelines.map((timeline, at) => timelineBars(timeline, tables[at]!)),
    ...(verdict === undefined ? {} : { verdict }),
    ...about,
  };
}

/** Time of each rank by what it did, added up over the spans of a timeline. */
function timelineBars({ run, cutFromNs }: TimelineData, table: SpanTable): StackedBars {
  const isReplicated = table.rows.some(({ replica }) => replica > 0);
  const { nsPerStep } = run;
  return {
    title: `Time of each IPU, ${run.name}`,
    note:
      (nsPerStep === undefined ? 'Milliseconds of the whole run.' : 'Steps of the whole run.') +
      (cutFromNs === undefined ? '' : ' Only the part that the timeline shows is counted.'),
    unit: nsPerStep === undefined ? 'ms' : 'steps',
    parts: 'activities',
    bars: table.rows.map((row) => ({
      name: isReplicated ? `IPU ${row.rank}, replica ${row.replica}` : `IPU ${row.rank}`,
      detail: rankName(run, row.rank).replace(/^IPU \d+(: )?/, ''),
      parts: [...timeByActivity(table, row)].map(([name, ns]) => ({ name, value: ns / (nsPerStep ?? 1e6) })),
    })),
  };
}
