import type { Action } from '../schedule/action.js';
import type { EngineRank } from './engine-rank.js';

/** An action that computes, or is dispatched, at some moment; of an overlapped pair the first. */
export interface RunningAction extends Action {
  readonly replica: number;
  readonly rank: number;
}

/**
 * How fast an action goes on beside those that run with it (it is among them): 1 is as fast as alone. Asked whenever
 * one begins or ends; rounded to 1/16384, and never less than that.
 */
export type Speed = (action: RunningAction, running: readonly RunningAction[]) => number;

/** Work is counted in this part of a nanosecond, so that speeds are whole numbers and times stay exact. */
export const PARTS = 16_384;

interface Job {
  readonly rank: EngineRank;
  readonly action: RunningAction;
  remaining: number;
  speed: number;
}

/** The clock of cores that ranks share: what runs goes on at a speed that depends on what else runs. */
export class SharedCores {
  readonly #speed: Speed;
  #jobs: Job[] = [];
  #now = 0;
  /** Speeds are those of the jobs that there are. */
  #isSet = true;

  constructor(speed: Speed) {
    this.#speed = speed;
  }

  /** A rank begins with what takes `ns` alone. */
  start(rank: EngineRank, ns: number): void {
    const action = { ...rank.first, replica: rank.replica.index, rank: rank.rank };
    this.#jobs.push({ rank, action, remaining: ns * PARTS, speed: 1 });
    this.#isSet = false;
  }

  /** When the next rank is done, if nothing else begins before; Infinity while nothing runs. */
  get nextNs(): number {
    if (!this.#isSet) this.#setSpeeds();
    let left = Infinity;
    for (const { remaining, speed } of this.#jobs) left = Math.min(left, Math.ceil(remaining / speed));
    return this.#now + left;
  }

  /** Lets the time pass, no further than `nextNs`. @returns the ranks that are done then, in the order of their begin */
  passTo(now: number): EngineRank[] {
    const ns = now - this.#now;
    this.#now = now;
    for (const job of this.#jobs) job.remaining -= ns * job.speed;
    const over = this.#jobs.filter(({ remaining }) => remaining <= 0);
    if (over.length === 0) return [];
    this.#jobs = this.#jobs.filter(({ remaining }) => remaining > 0);
    this.#isSet = false;
    return over.map(({ rank }) => rank);
  }

  #setSpeeds(): void {
    const running = this.#jobs.map(({ action }) => action);
    for (const job of this.#jobs) {
      job.speed = Math.max(1, Math.round(this.#speed(job.action, running) * PARTS));
    }
    this.#isSet = true;
  }
}
