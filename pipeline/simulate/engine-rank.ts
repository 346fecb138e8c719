import type { Action } from '../schedule/action.js';
import type { Progress } from '../schedule/progress.js';
import { unitLength, type RankRow } from '../schedule/rank-rows.js';
import { RankTiler, type TilerOptions } from '../schedule/rank-tiler.js';
import type { Links } from './exchange.js';

/** One copy of the pipeline: how far it has come, and its links. */
export interface Replica {
  readonly index: number;
  readonly progress: Progress;
  /** Absent where transfers take no time. */
  readonly links: Links | undefined;
  readonly ranks: EngineRank[];
  /** Receives that their rank has passed before the data came, by the index of the action. */
  readonly posted: Set<number>;
}

/** One rank's place in its row. */
export class EngineRank {
  readonly replica: Replica;
  readonly rank: number;
  readonly row: RankRow;
  readonly tiler: RankTiler;
  state: 'free' | 'dispatches' | 'computes' = 'free';
  /** The unit (an action, or an overlapped pair) that is next or runs: `row.actions` from `at` to before `end`. */
  at = 0;
  end = 0;

  constructor(replica: Replica, rank: number, row: RankRow, onSpan: TilerOptions['onSpan']) {
    this.replica = replica;
    this.rank = rank;
    this.row = row;
    this.tiler = new RankTiler({ replica: replica.index, rank, onSpan });
    this.#setUnit(0);
  }

  get isDone(): boolean {
    return this.at === this.row.actions.length;
  }

  /** The first action of the unit. */
  get first(): Action {
    return this.row.actions[this.at]!;
  }

  /** @param costsNs of a pair, what each action takes by itself: they share the pair's time in this proportion */
  finish(now: number, costsNs?: readonly number[]): void {
    if (costsNs === undefined) this.tiler.action(now, this.first);
    else this.#finishPair(now, costsNs);
    this.state = 'free';
    this.#setUnit(this.end);
  }

  #finishPair(now: number, costsNs: readonly number[]): void {
    const startNs = this.tiler.edgeNs;
    const sum = costsNs.reduce((total, cost) => total + cost, 0);
    let done = 0;
    costsNs.forEach((cost, each) => {
      done += cost;
      const share = sum === 0 ? 1 : done / sum;
      this.tiler.action(startNs + Math.round((now - startNs) * share), this.row.actions[this.at + each]!);
    });
  }

  #setUnit(at: number): void {
    this.at = at;
    this.end = this.isDone ? at : at + unitLength(this.row, at);
  }
}
