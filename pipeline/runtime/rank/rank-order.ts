import type { Action } from '../../schedule/action.js';
import type { RankOrder } from './protocol.js';

/**
 * A rank's actions in a stream: the order of one call, over and over, with growing micro-batches. What lies beyond
 * the end of the input is left out.
 */
export class RankCursor {
  readonly #order: RankOrder;
  #call = 0;
  #position = 0;

  constructor(order: RankOrder) {
    this.#order = order;
  }

  /** The action at the cursor, given how many micro-batches there are; undefined at the end of the stream. */
  next(total: number): Action | undefined {
    const { actions, callSize } = this.#order;
    if (actions.length === 0) return undefined;
    for (;;) {
      const firstOfCall = this.#call * callSize;
      if (firstOfCall >= total) return undefined;
      const action = actions[this.#position];
      if (action === undefined) {
        this.#call++;
        this.#position = 0;
      } else if (firstOfCall + action.microBatch >= total) {
        this.#position++;
      } else {
        return { ...action, microBatch: firstOfCall + action.microBatch };
      }
    }
  }

  advance(): void {
    this.#position++;
  }
}
