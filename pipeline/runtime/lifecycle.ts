import { InternalError } from '../../ipu-config/base/errors.js';

/**
 *     starting ─→ ready ⇄ running
 *        │          │        │
 *        │          ├────────┴─→ closing ─┐
 *        └──────────┴─→ failing ──────────┴─→ closed
 */
export type PipelineState = 'starting' | 'ready' | 'running' | 'failing' | 'closing' | 'closed';

const NEXT: Readonly<Record<PipelineState, readonly PipelineState[]>> = {
  starting: ['ready', 'failing'],
  ready: ['running', 'failing', 'closing'],
  running: ['ready', 'failing', 'closing'],
  failing: ['closed'],
  closing: ['closed'],
  closed: [],
};

export class Lifecycle {
  #state: PipelineState = 'starting';

  get state(): PipelineState {
    return this.#state;
  }

  to(next: PipelineState): void {
    if (!NEXT[this.#state].includes(next)) {
      throw new InternalError(`a pipeline cannot go from ${this.#state} to ${next}`);
    }
    this.#state = next;
  }
}
