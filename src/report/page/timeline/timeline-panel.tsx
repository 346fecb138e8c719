import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RunDescription } from '../../../observe/run-description.js';
import { countSpans, type SpanTable } from '../../../observe/span-table.js';
import { ActivityLegend, inPaletteOrder } from '../parts/legend.js';
import { layoutFor } from './layout.js';
import { rowDetail, rowName, SpanTip } from './span-tip.js';
import { onKey, PointerControl } from './timeline-controls.js';
import { TimelineView, type SelectionPlace } from './timeline-view.js';

export interface TimelineProps {
  readonly run: RunDescription;
  readonly table: SpanTable;
  /** Spans of the whole run that the table leaves out, in words. */
  readonly note?: string | undefined;
  /** The time axis goes to here where that is later than the last span: for runs that are compared. */
  readonly untilNs?: number | undefined;
  /** CSS pixels; absent: what is fair. */
  readonly rowHeight?: number | undefined;
}

/** The spans of one run: zoom, pan, and what lies under the pointer. A new table redraws it. */
export function TimelinePanel({ run, table, note, untilNs, rowHeight }: TimelineProps): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const view = useRef<TimelineView | undefined>(undefined);
  const [place, setPlace] = useState<SelectionPlace>();
  useLayoutEffect(() => {
    setPlace(undefined);
    const elements = { canvas: canvas.current!, overlay: overlay.current! };
    view.current = new TimelineView(elements, { run, table, untilNs, rowHeight }, setPlace);
    return () => view.current?.dispose();
  }, [run, table, untilNs, rowHeight]);
  useLayoutEffect(() => void new PointerControl(overlay.current!, () => view.current), []);
  const act = (what: (view: TimelineView) => void) => () => view.current && what(view.current);
  return (
    <div class="timeline">
      <div class="timeline-tools">
        <ActivityLegend activities={useMemo(() => shownActivities(table), [table])} />
        <div class="buttons" role="group" aria-label="Zoom">
          <button type="button" onClick={act((shown) => shown.zoom(1 / 1.6))} aria-label="Zoom out">
            −
          </button>
          <button type="button" onClick={act((shown) => shown.zoom(1.6))} aria-label="Zoom in">
            +
          </button>
          <button type="button" onClick={act((shown) => shown.fit())}>
            Fit
          </button>
        </div>
      </div>
      <div class="timeline-body">
        <RowNames run={run} table={table} rowHeight={rowHeight} />
        <div
          class="timeline-canvas"
          tabIndex={0}
          role="application"
          aria-label={`Timeline of ${run.name}: ${countSpans(table)} spans on ${table.rows.length} IPUs. The keys n and p go from span to span, the arrow keys up and down from IPU to IPU.`}
          onKeyDown={(event) => view.current && onKey(event, view.current)}
        >
          <canvas ref={canvas} />
          <canvas ref={overlay} class="overlay" />
          {place && <SpanTip run={run} table={table} place={place} />}
        </div>
      </div>
      {note !== undefined && <p class="note">{note}</p>}
    </div>
  );
}

function RowNames(props: Pick<TimelineProps, 'run' | 'table' | 'rowHeight'>): VNode {
  const { run, table } = props;
  const { axisHeight, rowHeight } = layoutFor(1, table.rows.length, 1, props.rowHeight);
  const every = Math.ceil(13 / rowHeight);
  return (
    <ul class="timeline-rows" style={{ paddingTop: `${axisHeight}px` }} aria-hidden="true">
      {table.rows.map((row, index) => (
        <li key={index} style={{ height: `${rowHeight}px` }} title={rowDetail(run, row)}>
          {index % every === 0 && (
            <>
              <b>{rowName(table, row)}</b>
              {rowHeight >= 26 && <small>{rowDetail(run, row)}</small>}
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function shownActivities({ kinds, rows }: SpanTable): string[] {
  const used = new Set<string>();
  for (const { kind } of rows) for (const index of kind) used.add(kinds[index]!.activity);
  return inPaletteOrder(used);
}
