import type { VNode } from 'preact';
import { ACTIVITY_TEXT, isActivity } from '../../../observe/activity.js';
import { rankName, type RunDescription } from '../../../observe/run-description.js';
import type { SpanRow, SpanTable } from '../../../observe/span-table.js';
import { duration } from './time-scale.js';
import type { SelectionPlace } from './timeline-view.js';

/** A span in words: what it is and means, where, and when. */
export function SpanTip(props: {
  readonly run: RunDescription;
  readonly table: SpanTable;
  readonly place: SelectionPlace;
}): VNode {
  const { run, table, place } = props;
  const row = table.rows[place.row]!;
  const at = place.span;
  const { kind, activity, op } = table.kinds[row.kind[at]!]!;
  const [stage, microBatch] = [row.stage[at]!, row.microBatch[at]!];
  const [startNs, endNs] = [row.startNs[at]!, row.endNs[at]!];
  // A stall of which nobody knows the op belongs to no micro-batch.
  const isNamed = microBatch >= 0 && (kind !== 'stall' || op !== undefined);
  const before = op === undefined ? '' : `, before ${op}`;
  const time = (ns: number): string => duration(ns, run.nsPerStep);
  return (
    <div class="tip" role="status" style={{ '--x': `${place.x}px`, top: `${place.y + 6}px` }}>
      <b>{`${activity}${before}${isNamed ? ` of micro-batch ${microBatch}` : ''}`}</b>
      {isActivity(activity) && <span>{ACTIVITY_TEXT[activity]}</span>}
      <span>{`${rowName(table, row)}${stage < 0 ? '' : `, stage ${stage}${nameOf(run, stage)}`}`}</span>
      <span class="figures">{`${time(endNs - startNs)}, from ${time(startNs)} to ${time(endNs)}`}</span>
    </div>
  );
}

export function rowName({ rows }: SpanTable, { replica, rank }: SpanRow): string {
  const isReplicated = rows.some((row) => row.replica > 0);
  return isReplicated ? `IPU ${rank}, replica ${replica}` : `IPU ${rank}`;
}

/** What the rank holds, without its number. */
export function rowDetail(run: RunDescription, { rank }: SpanRow): string {
  return rankName(run, rank).replace(/^IPU \d+(: )?/, '');
}

function nameOf({ stages }: RunDescription, stage: number): string {
  const name = stages[stage];
  return name === undefined || name === `stage ${stage}` ? '' : ` (${name})`;
}
