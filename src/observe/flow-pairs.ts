import { linkOf, linkRead, OP_TABLE, type Moves } from '../../pipeline/schedule/op-table.js';
import type { Span } from '../../pipeline/schedule/span.js';

/** A micro-batch goes from one stage to its neighbour. */
export interface Flow {
  readonly direction: Moves;
  readonly from: Span;
  readonly to: Span;
}

/** Ends of arrows that may wait for their other end. More than any pipeline has in flight. */
const MOST_WAITING = 1 << 14;

interface Edge {
  readonly key: string;
  readonly direction: Flow['direction'];
  readonly isSource: boolean;
}

/**
 * Finds which action hands its micro-batch to which. The two ends may come in either order, because ranks report in
 * bunches, and the same micro-batch number may come again in a later call. An end whose partner never comes is
 * forgotten, oldest first, so memory is bounded.
 */
export class FlowPairs {
  readonly #stages: number;
  readonly #waiting = new Map<string, Span[]>();
  #count = 0;

  /** @param stages of the pipeline: what its last stage makes goes to no other */
  constructor(stages: number) {
    this.#stages = stages;
  }

  /** The arrows that this span completes. */
  add(span: Span): Flow[] {
    return edgesOf(span, this.#stages).flatMap((edge) => this.#join(edge, span) ?? []);
  }

  #join({ key, direction, isSource }: Edge, span: Span): Flow | undefined {
    const partner = this.#take(`${key}${isSource ? '<' : '>'}`);
    if (partner !== undefined) {
      return isSource ? { direction, from: span, to: partner } : { direction, from: partner, to: span };
    }
    this.#keep(`${key}${isSource ? '>' : '<'}`, span);
    return undefined;
  }

  #take(key: string): Span | undefined {
    const spans = this.#waiting.get(key);
    const first = spans?.shift();
    if (first !== undefined) this.#count--;
    if (spans?.length === 0) this.#waiting.delete(key);
    return first;
  }

  #keep(key: string, span: Span): void {
    const spans = this.#waiting.get(key);
    if (spans === undefined) this.#waiting.set(key, [span]);
    else spans.push(span);
    if (++this.#count <= MOST_WAITING) return;
    const oldest = this.#waiting.keys().next().value!;
    this.#count -= this.#waiting.get(oldest)!.length;
    this.#waiting.delete(oldest);
  }
}

/** Link j lies between stages j − 1 and j; there is none before stage 0 and none after the last. */
function edgesOf({ kind, op, stage, microBatch, replica }: Span, stages: number): Edge[] {
  if (kind !== 'action' || op === undefined || stage === undefined || microBatch === undefined) return [];
  const { kind: does, moves: direction } = OP_TABLE[op];
  if (does !== 'compute' || direction === undefined) return [];
  const edge = (link: number | undefined, isSource: boolean): Edge[] =>
    link === undefined || link < 1 || link >= stages
      ? []
      : [{ direction, isSource, key: `${replica} ${direction} ${link} ${microBatch}` }];
  return [...edge(linkRead(op, stage), false), ...edge(linkOf(op, stage), true)];
}
