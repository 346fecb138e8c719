import type { Action } from '../schedule/action.js';
import { nowNs } from './links/bell.js';
import type { ReplicaMemory } from './links/replica-memory.js';

export interface Watched {
  readonly memory: ReplicaMemory;
  readonly replica: number;
  readonly ranks: readonly number[];
}

export interface Late {
  readonly replica: number;
  readonly rank: number;
  /** Undefined when the rank has not begun to work at all. */
  readonly action: Action | undefined;
  readonly running: boolean;
}

/**
 * Looks, while a run is on, whether each rank keeps within the bound of an action: one that runs for longer, or one
 * that is ready and is not begun. Waiting for the caller is not bounded. Its timer also keeps the process alive
 * while everything sleeps on bells.
 */
export class Watchdog {
  readonly #timer: NodeJS.Timeout;
  /** Since when a rank's next action has been ready. */
  readonly #readyNs = new Map<string, { readonly action: string; readonly sinceNs: number }>();

  constructor(watched: readonly Watched[], actionTimeoutMs: number, onLate: (late: Late) => void) {
    const boundNs = actionTimeoutMs * 1e6;
    const tickMs = Math.min(Math.max(actionTimeoutMs / 8, 5), 1000);
    this.#timer = setInterval(() => {
      const late = watched.flatMap((each) => this.#lateRanks(each, boundNs));
      if (late[0] !== undefined) onLate(late[0]);
    }, tickMs);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #lateRanks({ memory, replica, ranks }: Watched, boundNs: number): Late[] {
    return ranks.flatMap((rank): Late[] => {
      const { phase, action, sinceNs } = memory.status(rank);
      const now = nowNs();
      const key = `${replica}/${rank}`;
      if (phase === 'running' && now - sinceNs > boundNs) return [{ replica, rank, action, running: true }];
      const ready = phase === 'waiting' && (action === undefined || memory.blockedBy(action) === undefined);
      if (!ready) {
        this.#readyNs.delete(key);
        return [];
      }
      const text = `${action?.stage}F${action?.microBatch}`;
      const known = this.#readyNs.get(key);
      if (known?.action !== text) this.#readyNs.set(key, { action: text, sinceNs: now });
      else if (now - known.sinceNs > boundNs) return [{ replica, rank, action, running: false }];
      return [];
    });
  }
}
