import { figure, milliseconds, percent } from '../../../ipu-config/base/format.js';
import { isWaiting } from '../../observe/activity.js';
import type { RunDescription } from '../../observe/run-description.js';
import { endOf, timeByActivity, type SpanRow, type SpanTable } from '../../observe/span-table.js';

/** A run of which nothing but its spans is known. */
export interface SeenRun {
  readonly run: RunDescription;
  readonly table: SpanTable;
}

/** Which run is the fastest, and what its busiest IPU does; undefined where there is nothing to say. */
export function timelinesVerdict(runs: readonly SeenRun[]): string | undefined {
  const paces = runs.map((seen) => ({ ...seen, perSecond: microBatchesPerSecond(seen) }));
  const ordered = paces.filter(({ perSecond }) => perSecond > 0).sort((a, b) => b.perSecond - a.perSecond);
  const [best] = ordered;
  const last = ordered.at(-1);
  if (best === undefined || last === undefined) return undefined;
  const done = best === last ? best.run.name : `${best.run.name} is the fastest`;
  const ratio = best === last ? '' : `, ${figure(best.perSecond / last.perSecond)} × of ${last.run.name}`;
  return `${done}: ${paceWords(best)}${ratio}. ${busiestWords(best.table)}`;
}

function paceWords({ run, table, perSecond }: SeenRun & { readonly perSecond: number }): string {
  const endNs = endOf(table);
  const count = figure((perSecond * endNs) / 1e9);
  if (run.nsPerStep === undefined) {
    return `${Number(count)} micro-batches in ${milliseconds(endNs / 1e6)}, ${figure(perSecond)} a second`;
  }
  return `${Number(count)} micro-batches in ${Number(figure(endNs / run.nsPerStep))} steps`;
}

/** Passes that end a micro-batch: the last stage's forward, in training the first stage's backward. */
function microBatchesPerSecond({ run, table }: SeenRun): number {
  const ends = run.training ? 0 : run.stages.length - 1;
  let count = 0;
  for (const row of table.rows) {
    const seen = new Set<number>();
    for (let at = 0; at < row.kind.length; at++) {
      if (row.stage[at] !== ends || table.kinds[row.kind[at]!]!.kind !== 'action') continue;
      // In training several passes of a stage are about one micro-batch.
      if (run.training && seen.has(row.microBatch[at]!)) continue;
      seen.add(row.microBatch[at]!);
      count++;
    }
  }
  return (count / Math.max(1, endOf(table))) * 1e9;
}

function busiestWords(table: SpanTable): string {
  const endNs = Math.max(1, endOf(table));
  const ranks = table.rows.map((row) => ({ row, ...timesOf(table, row) }));
  const busiest = ranks.reduce((a, b) => (b.workNs > a.workNs ? b : a));
  const words = `Its busiest IPU, ${busiest.row.rank}, works ${percent(busiest.workNs / endNs)} of the time`;
  const [cause, ns] = busiest.wait ?? ['', 0];
  if (ns / endNs < 0.005) return `${words}.`;
  const what = cause === 'done' ? 'has nothing left to do' : cause.replace(': ', ' (').concat(')');
  return `${words}; most of the rest it ${what}: ${percent(ns / endNs)}.`;
}

/** What a rank works, and what it waits for longest. */
function timesOf(
  table: SpanTable,
  row: SpanRow,
): { readonly workNs: number; readonly wait: readonly [string, number] | undefined } {
  const times = [...timeByActivity(table, row)];
  const waits = times.filter(([name]) => isWaiting(name)).sort((a, b) => b[1] - a[1]);
  const workNs = times.reduce((sum, [name, ns]) => (isWaiting(name) ? sum : sum + ns), 0);
  return { workNs, wait: waits[0] };
}
