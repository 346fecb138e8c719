import type { VNode } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { milliseconds } from '../../../ipu-config/base/format.js';
import type { ReportData } from '../data/report-data.js';
import { decodeSpans } from '../../observe/span-codec.js';
import { endOf, type SpanTable } from '../../observe/span-table.js';
import type { TimelineData } from '../../observe/timeline-collector.js';
import { ConfigurationSection, SettingsSection } from './parts/configuration-section.js';
import { DataTable } from './parts/data-table.js';
import { Highlights } from './parts/highlights.js';
import { LatencyChart } from './parts/latency-chart.js';
import { StackedBarChart } from './parts/stacked-bar-chart.js';
import { ThemeToggle } from './parts/theme-toggle.js';
import { ThroughputChart } from './parts/throughput-chart.js';
import { TimelineHelp } from './timeline/timeline-help.js';
import { TimelinePanel } from './timeline/timeline-panel.js';
import { Warnings } from './parts/warnings.js';

export function ReportPage({ data }: { readonly data: ReportData }): VNode {
  return (
    <>
      <Header data={data} />
      <Warnings warnings={data.warnings ?? []} />
      {data.highlights && <Highlights highlights={data.highlights} />}
      {data.summary && <p class="summary">{data.summary.join(' ')}</p>}
      {data.timelines && data.timelines.length > 0 && <Timelines timelines={data.timelines} />}
      {data.throughput && data.throughput.length > 0 && <ThroughputChart runs={data.throughput} />}
      {[...(data.time ?? []), ...(data.memory ?? [])].map((chart) => (
        <StackedBarChart key={chart.title} chart={chart} />
      ))}
      {data.latency && data.latency.length > 0 && <LatencyChart runs={data.latency} />}
      {data.tables?.map(({ title, note, columns, rows }) => (
        <section class="figure" key={title}>
          <h2>{title}</h2>
          {note && <p class="note">{note}</p>}
          <DataTable caption={title} columns={columns} rows={rows} />
        </section>
      ))}
      {data.configuration && <ConfigurationSection configuration={data.configuration} />}
      {data.settings && <SettingsSection settings={data.settings} />}
      <footer>Made by ipu-pipeline. This page is one file and needs no network.</footer>
    </>
  );
}

function Header({ data }: { readonly data: ReportData }): VNode {
  const date = data.date === undefined ? undefined : new Date(data.date);
  return (
    <header>
      <div>
        <p class="kind">
          {data.kind}
          {date && (
            <time dateTime={data.date}>
              {date.toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short' })}
            </time>
          )}
        </p>
        <h1>{data.title}</h1>
        {data.subtitle && <p class="subtitle">{data.subtitle}</p>}
      </div>
      <ThemeToggle />
    </header>
  );
}

function Timelines({ timelines }: { readonly timelines: readonly TimelineData[] }): VNode {
  return (
    <section class="figure">
      <h2>Timeline</h2>
      {timelines.map((timeline, index) => (
        <Timeline key={index} timeline={timeline} />
      ))}
      <TimelineHelp />
    </section>
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
    cutFromNs === undefined || table === undefined
      ? {}
      : {
          note: `Shown are the first ${milliseconds(endOf(table) / 1e6)} of ${milliseconds(cutFromNs / 1e6)}.`,
        };
  return (
    <div class="timeline-of-run">
      <h3>
        {run.name} <small>{run.kind}</small>
      </h3>
      {failure && <p class="failure">The spans of this timeline cannot be read: {failure}</p>}
      {table && <TimelinePanel run={run} table={table} {...note} />}
    </div>
  );
}
