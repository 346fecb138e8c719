import type { Action } from '../../pipeline/schedule/action.js';
import { OP_TABLE } from '../../pipeline/schedule/op-table.js';
import { waitOf } from '../../pipeline/schedule/readiness.js';
import { isWaiting } from './activity.js';
import { actionAt, type SpanIndex, type SpanPlace } from './span-index.js';

/** A link of the chain: this is what the one before it waited for. */
export interface ChainLink {
  readonly place: SpanPlace;
  /** `waited`: the rank did nothing; `ran`: it worked; `busy`: it worked without a pause from this span on. */
  readonly how: 'waited' | 'ran' | 'busy';
  /** Spans of a busy stretch. */
  readonly spans?: number;
}

export interface WaitChain {
  readonly links: readonly ChainLink[];
  /** Why it goes back no further. */
  readonly end: 'start' | 'outside' | 'long';
}

/** More than a reader follows. */
const MOST_LINKS = 24;

/**
 * What a span waited for, and that in its turn, back to the start of the run or to something that no rank did. A stall
 * waits for the action that the readiness rule names; an action for the stall or for the busy stretch before it.
 * @param from the span; it is not in the chain itself
 */
export function waitChain(index: SpanIndex, from: SpanPlace): WaitChain {
  const links: ChainLink[] = [];
  const seen = new Set([keyOf(from)]);
  for (let place = from; ; place = links.at(-1)!.place) {
    const link = linkAfter(index, place);
    if (typeof link === 'string') return { links, end: link };
    if (seen.has(keyOf(link.place))) return { links, end: 'outside' };
    if (links.length === MOST_LINKS) return { links, end: 'long' };
    seen.add(keyOf(link.place));
    links.push(link);
  }
}

function linkAfter(index: SpanIndex, place: SpanPlace): ChainLink | 'start' | 'outside' {
  if (isStall(index, place)) {
    const ended = endedBy(index, place);
    return ended ? { place: ended, how: 'ran' } : 'outside';
  }
  const before = { row: place.row, span: place.span - 1 };
  if (before.span < 0) return 'start';
  if (isStall(index, before)) return { place: before, how: 'waited' };
  let { span } = before;
  while (span > 0 && !isStall(index, { row: place.row, span: span - 1 })) span--;
  return { place: { row: place.row, span }, how: 'busy', spans: place.span - span };
}

/** The work of another rank, the end of which let a stall end. */
function endedBy(index: SpanIndex, stall: SpanPlace): SpanPlace | undefined {
  const row = index.table.rows[stall.row]!;
  const { activity } = index.table.kinds[row.kind[stall.span]!]!;
  const waiting = waitingAction(index, stall);
  switch (activity) {
    case 'waits: upstream':
    case 'waits: exchange':
      return waiting && named(index, stall, waiting);
    case 'waits: downstream':
      return waiting && lastOf(index, stall, waiting.stage + OP_TABLE[waiting.op].neighbour);
    case 'waits: in-flight-limit':
      return lastOf(index, stall, index.stages - 1);
    case 'waits: sync':
      return slowest(index, stall);
    default:
      return undefined;
  }
}

/** What could not run: the stall says so, or it is the next thing that its rank did. */
function waitingAction(index: SpanIndex, { row: at, span }: SpanPlace): Action | undefined {
  const row = index.table.rows[at]!;
  const { op } = index.table.kinds[row.kind[span]!]!;
  if (op !== undefined) return { stage: row.stage[span]!, op, microBatch: row.microBatch[span]! };
  return nextActions(index, { row: at, span })[0];
}

/** Of its rank, after a span: two, for they may be an overlapped pair, which waits until both may run. */
function nextActions({ table }: SpanIndex, { row, span }: SpanPlace): Action[] {
  const found: Action[] = [];
  for (let at = span + 1; at < table.rows[row]!.kind.length && found.length < 2; at++) {
    const action = actionAt(table, { row, span: at });
    if (action) found.push(action);
  }
  return found;
}

/** The action that the readiness rule says was missing when the stall began; of two, the one that came last. */
function named(index: SpanIndex, stall: SpanPlace, waiting: Action): SpanPlace | undefined {
  const endNs = index.endOf(stall);
  const [, partner] = nextActions(index, stall);
  const own = missing(index, stall, waiting);
  const other = partner && missing(index, stall, partner);
  if (other === undefined || index.endOf(other) > endNs) return own;
  return own === undefined || index.endOf(other) > index.endOf(own) ? other : own;
}

function missing(index: SpanIndex, stall: SpanPlace, waiting: Action): SpanPlace | undefined {
  const { replica } = index.table.rows[stall.row]!;
  const startNs = index.startOf(stall);
  const round = index.placesOf(replica, waiting).filter((place) => index.startOf(place) < startNs).length;
  const action = waitOf(waiting, index.viewAt(startNs, replica, round))?.action;
  return action && index.standIns(replica, action)[round];
}

/** What a stage had done last when the stall ended: it emptied a slot, or let a micro-batch go. */
function lastOf(index: SpanIndex, stall: SpanPlace, stage: number): SpanPlace | undefined {
  return latest(index, stall, (place) => actionAt(index.table, place)?.stage === stage);
}

/** What kept the other ranks of a cycle waiting. */
function slowest(index: SpanIndex, stall: SpanPlace): SpanPlace | undefined {
  return latest(index, stall, (place) => place.row !== stall.row && !isStall(index, place));
}

/** The span that ended last before the stall did, or with it. */
function latest(
  index: SpanIndex,
  stall: SpanPlace,
  isMeant: (place: SpanPlace) => boolean,
): SpanPlace | undefined {
  const { rows } = index.table;
  const endNs = index.endOf(stall);
  let best: SpanPlace | undefined;
  for (const [row, { replica, endNs: ends }] of rows.entries()) {
    if (replica !== rows[stall.row]!.replica) continue;
    const span = lastBefore(ends, endNs, (at) => isMeant({ row, span: at }));
    if (span < 0) continue;
    if (best === undefined || index.endOf({ row, span }) > index.endOf(best)) best = { row, span };
  }
  return best;
}

function lastBefore(ends: Float64Array, endNs: number, isMeant: (at: number) => boolean): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! <= endNs) low = middle + 1;
    else high = middle;
  }
  let at = low - 1;
  while (at >= 0 && !isMeant(at)) at--;
  return at;
}

function isStall({ table }: SpanIndex, { row, span }: SpanPlace): boolean {
  return isWaiting(table.kinds[table.rows[row]!.kind[span]!]!.activity);
}

function keyOf({ row, span }: SpanPlace): string {
  return `${row} ${span}`;
}
