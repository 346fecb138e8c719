import { ACTIVITY_TEXT, isActivity } from '../../../observe/activity.js';
import { rankName, type RunDescription } from '../../../observe/run-description.js';
import type { SpanRow, SpanTable } from '../../../observe/span-table.js';
import { duration } from './time-scale.js';

/** A span in words. */
export interface SpanText {
  /** `F of micro-batch 3`, `waits: upstream`. */
  readonly what: string;
  /** What that means: the cause of a stall. */
  readonly meaning: string;
  readonly where: string;
  readonly when: string;
}

export function spanText(run: RunDescription, table: SpanTable, row: SpanRow, at: number): SpanText {
  const { kind, activity, op } = table.kinds[row.kind[at]!]!;
  const stage = row.stage[at]!;
  const microBatch = row.microBatch[at]!;
  const of = microBatch < 0 ? '' : ` of micro-batch ${microBatch}`;
  const stageName = stage < 0 ? '' : `, stage ${stage}${nameOf(run, stage)}`;
  const { nsPerStep } = run;
  const length = duration(row.endNs[at]! - row.startNs[at]!, nsPerStep);
  return {
    what:
      kind === 'stall'
        ? op === undefined
          ? activity
          : `${activity}, before ${op}${of}`
        : `${activity}${of}`,
    meaning: isActivity(activity) ? ACTIVITY_TEXT[activity] : '',
    where: `${rowName(table, row)}${stageName}`,
    when: `${length}, from ${duration(row.startNs[at]!, nsPerStep)} to ${duration(row.endNs[at]!, nsPerStep)}`,
  };
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
