import type { Op } from '../../pipeline/schedule/op-table.js';
import type { Phase, Span, StallCause } from '../../pipeline/schedule/span.js';
import { activityOf } from './activity.js';

/** More than any machine has: it makes one number of replica and rank. */
export const MOST_RANKS = 1 << 20;

/** What distinguishes spans beyond their place and time. */
export interface SpanKind {
  readonly kind: Span['kind'];
  /** An `Activity`. */
  readonly activity: string;
  /** For a stall: the op that could not run yet. */
  readonly op?: Op;
}

/** The spans of one rank in order of time, column by column. */
export interface SpanRow {
  readonly replica: number;
  readonly rank: number;
  readonly startNs: Float64Array;
  readonly endNs: Float64Array;
  /** Index into the table's `kinds`. */
  readonly kind: Uint8Array;
  /** -1 where a span has none. */
  readonly stage: Int32Array;
  readonly microBatch: Int32Array;
}

/** Many spans, compactly: rows by replica and rank. */
export interface SpanTable {
  readonly kinds: readonly SpanKind[];
  readonly rows: readonly SpanRow[];
}

export function countSpans({ rows }: SpanTable): number {
  return rows.reduce((sum, { kind }) => sum + kind.length, 0);
}

/** When the last span ends, in nanoseconds. */
export function endOf({ rows }: SpanTable): number {
  return Math.max(0, ...rows.map(({ endNs }) => endNs.at(-1) ?? 0));
}

/** Sums nanoseconds of a row by activity. */
export function timeByActivity({ kinds }: SpanTable, row: SpanRow): Map<string, number> {
  const sums = new Map<string, number>();
  for (let at = 0; at < row.kind.length; at++) {
    const { activity } = kinds[row.kind[at]!]!;
    sums.set(activity, (sums.get(activity) ?? 0) + row.endNs[at]! - row.startNs[at]!);
  }
  return sums;
}

/** Gathers spans into a table. Spans of a rank come in order of time, ranks in any. */
export class SpanTableBuilder {
  readonly #kinds: SpanKind[] = [];
  /** By what happens, then by the op that could not run. Pages gather ten thousand spans for one frame. */
  readonly #kindIndex: Readonly<Record<Span['kind'], Map<string | undefined, Map<Op | undefined, number>>>> =
    {
      action: new Map(),
      phase: new Map(),
      stall: new Map(),
    };
  readonly #rows = new Map<number, GrowingRow>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(span: Span): void {
    const key = span.replica * MOST_RANKS + span.rank;
    let row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, (row = new GrowingRow(span.replica, span.rank)));
    row.add(span, this.#kindOf(span));
    this.#count++;
  }

  /** @param untilNs leaves out what begins later */
  table(untilNs = Infinity): SpanTable {
    const rows = [...this.#rows.values()].map((row) => row.columns(untilNs));
    rows.sort((a, b) => a.replica - b.replica || a.rank - b.rank);
    return { kinds: this.#kinds, rows };
  }

  /** The moment up to which every rank has reported. */
  get completeNs(): number {
    return Math.min(...[...this.#rows.values()].map((row) => row.lastNs));
  }

  #kindOf(span: Span): number {
    const { kind } = span;
    const op = kind === 'stall' ? span.op : undefined;
    const what = kind === 'action' ? span.op : kind === 'phase' ? span.phase : span.cause;
    let byOp = this.#kindIndex[kind].get(what);
    if (byOp === undefined) this.#kindIndex[kind].set(what, (byOp = new Map<Op | undefined, number>()));
    const known = byOp.get(op);
    if (known !== undefined) return known;
    byOp.set(op, this.#kinds.length);
    return this.#kinds.push({ kind, activity: activityOf(span), ...(op === undefined ? {} : { op }) }) - 1;
  }
}

class GrowingRow {
  readonly #replica: number;
  readonly #rank: number;
  readonly #startNs: number[] = [];
  readonly #endNs: number[] = [];
  readonly #kind: number[] = [];
  readonly #stage: number[] = [];
  readonly #microBatch: number[] = [];

  constructor(replica: number, rank: number) {
    this.#replica = replica;
    this.#rank = rank;
  }

  get lastNs(): number {
    return this.#endNs.at(-1) ?? 0;
  }

  add(span: Span, kind: number): void {
    this.#startNs.push(span.startNs);
    this.#endNs.push(span.endNs);
    this.#kind.push(kind);
    this.#stage.push(span.stage ?? -1);
    this.#microBatch.push(span.microBatch ?? -1);
  }

  columns(untilNs: number): SpanRow {
    const firstLater = this.#startNs.findIndex((start) => start >= untilNs);
    const count = firstLater === -1 ? this.#startNs.length : firstLater;
    return {
      replica: this.#replica,
      rank: this.#rank,
      startNs: Float64Array.from(this.#startNs.slice(0, count)),
      endNs: Float64Array.from(this.#endNs.slice(0, count)),
      kind: Uint8Array.from(this.#kind.slice(0, count)),
      stage: Int32Array.from(this.#stage.slice(0, count)),
      microBatch: Int32Array.from(this.#microBatch.slice(0, count)),
    };
  }
}

/** The spans of a table, row after row. */
export function* spansOf({ kinds, rows }: SpanTable): Generator<Span> {
  for (const row of rows) {
    for (let at = 0; at < row.kind.length; at++) yield spanOf(kinds[row.kind[at]!]!, row, at);
  }
}

function spanOf({ kind, activity, op }: SpanKind, row: SpanRow, at: number): Span {
  const [stage, microBatch] = [row.stage[at]!, row.microBatch[at]!];
  return {
    kind,
    ...{ replica: row.replica, rank: row.rank, startNs: row.startNs[at]!, endNs: row.endNs[at]! },
    ...(stage < 0 ? {} : { stage }),
    ...(microBatch < 0 ? {} : { microBatch }),
    ...(op === undefined ? {} : { op }),
    ...fieldsOf(kind, activity),
  };
}

/** The inverse of `activityOf`. */
function fieldsOf(kind: Span['kind'], activity: string): Pick<Span, 'op' | 'phase' | 'cause'> {
  if (kind === 'phase') return { phase: activity as Phase };
  if (kind === 'action') return activity === 'compute' ? {} : { op: activity as Op };
  return activity === 'done' ? {} : { cause: activity.replace('waits: ', '') as StallCause };
}
