import { BACKWARD, isOfWholeStage, linkOf, OP_TABLE, type Op } from '../../pipeline/schedule/op-table.js';
import type { Action } from '../../pipeline/schedule/action.js';
import type { ReadinessView } from '../../pipeline/schedule/readiness.js';
import type { RunDescription } from './run-description.js';
import type { SpanTable } from './span-table.js';

/** A span of a table. */
export interface SpanPlace {
  readonly row: number;
  readonly span: number;
}

/** Which actions of a run ended when: what the readiness rule asks of one that is over. Takes one pass over the spans. */
export class SpanIndex {
  readonly table: SpanTable;
  readonly stages: number;
  /** In order of time, by replica, stage, op and micro-batch. */
  readonly #actions = new Map<string, SpanPlace[]>();
  /** Links whose transfers are actions of their own. */
  readonly #transfers = new Set<number>();

  constructor(table: SpanTable, { stages }: Pick<RunDescription, 'stages'>) {
    this.table = table;
    this.stages = stages.length;
    table.rows.forEach((row, index) => {
      for (let at = 0; at < row.kind.length; at++) {
        const action = actionAt(table, { row: index, span: at });
        if (action) this.#add(row.replica, action, { row: index, span: at });
      }
    });
    for (const places of this.#actions.values()) places.sort((a, b) => this.endOf(a) - this.endOf(b));
  }

  startOf({ row, span }: SpanPlace): number {
    return this.table.rows[row]!.startNs[span]!;
  }

  endOf({ row, span }: SpanPlace): number {
    return this.table.rows[row]!.endNs[span]!;
  }

  /** Every time that an action ran: once in each call. */
  placesOf(replica: number, { stage, op, microBatch }: Action): readonly SpanPlace[] {
    return this.#actions.get(keyOf(replica, stage, op, microBatch)) ?? [];
  }

  /** The same for all that may stand for it: the halves of a backward for the whole. */
  standIns(replica: number, action: Action): readonly SpanPlace[] {
    const own = this.placesOf(replica, action);
    if (own.length > 0 || OP_TABLE[action.op].backward === undefined) return own;
    return [BACKWARD.input, BACKWARD.weights, BACKWARD.whole].flatMap((op) => {
      return this.placesOf(replica, { ...action, op });
    });
  }

  /** What the run had come to at a moment, for an action that is to run for the `round`-th time (from 0). */
  viewAt(ns: number, replica: number, round: number): ReadinessView {
    const isDone = (op: Op, stage: number, microBatch: number): boolean => {
      const place = this.placesOf(replica, { op, stage, microBatch })[round];
      return place !== undefined && this.endOf(place) <= ns;
    };
    // Slots and what comes from the host are not seen in spans: their stalls name them.
    const free = (): boolean => true;
    return {
      ...{ stages: this.stages, isDone, hasInput: free, hasFreeSlot: free, hasFreeGradientSlot: free },
      ...{ communicates: (link) => this.#transfers.has(link), inFlight: 0, inFlightLimit: Infinity },
    };
  }

  #add(replica: number, action: Action, place: SpanPlace): void {
    const key = keyOf(replica, action.stage, action.op, action.microBatch);
    const places = this.#actions.get(key);
    if (places === undefined) this.#actions.set(key, [place]);
    else places.push(place);
    if (OP_TABLE[action.op].kind === 'receive') this.#transfers.add(linkOf(action.op, action.stage)!);
  }
}

/** What ran in a span; undefined for stalls and phases, and for actions of unknown kind. */
export function actionAt({ kinds, rows }: SpanTable, { row: index, span }: SpanPlace): Action | undefined {
  const row = rows[index]!;
  const { kind, activity } = kinds[row.kind[span]!]!;
  if (kind !== 'action' || !Object.hasOwn(OP_TABLE, activity)) return undefined;
  return { stage: row.stage[span]!, op: activity as Op, microBatch: row.microBatch[span]! };
}

function keyOf(replica: number, stage: number, op: Op, microBatch: number): string {
  return `${replica} ${stage} ${op} ${isOfWholeStage(op) ? '' : microBatch}`;
}
