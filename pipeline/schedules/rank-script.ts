import type { Action, Op } from '../schedule/action.js';

/**
 * What one rank does, one step after another; micro-batches follow by themselves, counted for each stage and pass.
 * Backward halves and whole backwards share their count.
 */
export class RankScript {
  readonly actions: Action[] = [];
  readonly #next = new Map<string, number>();
  /** Input halves whose weight half is still to be done, oldest first. */
  readonly #weightsLeft: Action[] = [];
  #weightsDone = 0;

  forward(stage: number): void {
    this.actions.push(this.#take('F', stage));
  }

  /** The whole backward. */
  backward(stage: number): void {
    this.actions.push(this.#take('B', stage));
  }

  /** The input half of a backward; its weight half is owed. */
  inputBackward(stage: number): void {
    const action = this.#take('I', stage);
    this.actions.push(action);
    this.#weightsLeft.push(action);
  }

  /** The oldest weight half that is owed, if one is. */
  weightBackward(): void {
    const owed = this.#weightsLeft[this.#weightsDone];
    if (owed === undefined) return;
    this.#weightsDone++;
    this.actions.push({ ...owed, op: 'W' });
  }

  /** Forward of one stage and whole backward of another at the same time. */
  overlap(forwardStage: number, backwardStage: number): void {
    this.actions.push({ ...this.#take('F', forwardStage), overlapsNext: true });
    this.actions.push(this.#take('B', backwardStage));
  }

  /** Micro-batches whose forward the stage has begun. */
  forwards(stage: number): number {
    return this.#next.get(`F${stage}`) ?? 0;
  }

  get owesWeights(): boolean {
    return this.#weightsDone < this.#weightsLeft.length;
  }

  #take(op: Op, stage: number): Action {
    const key = `${op === 'F' ? 'F' : 'B'}${stage}`;
    const microBatch = this.#next.get(key) ?? 0;
    this.#next.set(key, microBatch + 1);
    return { stage, op, microBatch };
  }
}

export function times(count: number, step: () => void): void {
  for (let done = 0; done < count; done++) step();
}
