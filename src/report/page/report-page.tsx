import type { VNode } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { milliseconds } from '../../../ipu-config/base/format.js';
import type { ReportData } from '../data/report-data.js';
import { decodeSpans } from '../../observe/span-codec.js';
import { endOf, type SpanTable } from '../../observe/span-table.js';
import type { TimelineData } from '../../observe/timeline-collector.js';
import { ConfigurationSection, SettingsSection } from './parts/configuration-section.js';
import { DataTable } from './parts/data-table.js';
import { Figure } from './parts/figure.js';
import { Highlights } from './parts/highlights.js';
import { LatencyChart } from './parts/latency-chart.js';
import { PageFrame } from './parts/page-frame.js';
import { StackedBarChart } from './parts/stacked-bar-chart.js';
import { ThroughputChart } from './parts/throughput-chart.js';
import { TimelineHelp } from './timeline/timeline-help.js';
import { TimelinePanel } from './timeline/timeline-panel.js';
import { Warnings } from './parts/warnings.js';

export function ReportPage({ data }: { readonly data: ReportData }): VNode {
  return (
    <PageFrame kind={<Kind data={data} />} title={data.title} subtitle={data.subtitle}>
      <Warnings warnings={data.warnings ?? []} />
      {data.highlights && <Highlights highlights={data.highlights} />}
      {data.verdict !== undefined && (
        <p class="summary">
          <strong>{data.verdict}</strong>
        </p>
      )}
      {data.summary && <p class="summary">{data.summary.join(' ')}</p>}
      <Tables tables={data.comparison ? [data.comparison] : []} />
      {data.timelines && data.timelines.length > 0 && (
        <Figure title="Timeline">
          {data.timelines.map((timeline, index) => (
            <Timeline key={index} timeline={timeline} />
          ))}
          <TimelineHelp />
        </Figure>
      )}
      {data.throughput && data.throughput.length > 0 && <ThroughputChart runs={data.throughput} />}
      {[...(data.time ?? []), ...(data.memory ?? [])].map((chart) => (
        <StackedBarChart key={chart.title} chart={chart} />
      ))}
      {data.latency && data.latency.length > 0 && <LatencyChart runs={data.latency} />}
      <Tables tables={data.tables ?? []} />
      {data.configuration && <ConfigurationSection configuration={data.configuration} />}
      {data.settings && <SettingsSection settings={data.settings} />}
      {data.command !== undefined && (
        <Figure title="Made by">
          <code>{data.command}</code>
        </Figure>
      )}
    </PageFrame>
  );
}

function Tables({ tables }: { readonly tables: NonNullable<ReportData['tables']> }): VNode {
  return (
    <>
      {tables.map(({ title, note, columns, rows }) => (
        <Figure key={title} title={title} note={note}>
          <DataTable caption={title} columns={columns} rows={rows} />
        </Figure>
      ))}
    </>
  );
}

function Kind({ data: { kind, date } }: { readonly data: ReportData }): VNode {
  return (
    <>
      {kind}
      {date !== undefined && (
        <time dateTime={date}>
          {new Date(date).toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short' })}
        </time>
      )}
    </>
  );
}

/** Its spans are unpacked first, which takes milliseconds. Layout effects do not wait for an empty picture to be painted. */
function Timeline({ timeline }: { readonly timeline: TimelineData }): VNode {
  const { run, spans, cutFromNs } = timeline;
  const [table, setTable] = useState<SpanTable>();
  const [failure, setFailure] = useState<string>();
  useLayoutEffect(() => {
    decodeSpans(spans).then(setTable, (error: unknown) => setFailure(String(error)));
  }, [spans]);
  const note =
    table && cutFromNs !== undefined
      ? `Shown are the first ${milliseconds(endOf(table) / 1e6)} of ${milliseconds(cutFromNs / 1e6)}.`
      : undefined;
  return (
    <div class="timeline-of-run">
      <h3>
        {run.name} <small>{run.kind}</small>
      </h3>
      {failure && <p class="failure">The spans of this timeline cannot be read: {failure}</p>}
      {table && <TimelinePanel run={run} table={table} note={note} />}
    </div>
  );
}
