import { isSame, type Action } from '../schedule/action.js';
import type { Replica } from './links/replica.js';

interface Watched {
  readonly replica: Replica;
  readonly ranks: readonly number[];
}

export interface Late {
  readonly replica: Replica;
  readonly rank: number;
  /** Undefined when the rank has not begun to work at all. */
  readonly action: Action | undefined;
  readonly running: boolean;
}

interface Ready {
  readonly action: Action | undefined;
  readonly sinceNs: number;
}

/**
 * Looks, while a run is on, whether each rank keeps within the bound of an action: one that runs for longer, or one
 * that is ready and is not begun. Waiting for the caller is not bounded. Its timer also keeps the process alive
 * while everything sleeps on bells.
 */
export class Watchdog {
  readonly #timer: NodeJS.Timeout;
  /** Since when a rank's next action has been ready. */
  readonly #ready = new Map<Replica, Map<number, Ready>>();

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

  #lateRanks({ replica, ranks }: Watched, boundNs: number): Late[] {
    const readyRanks = this.#ready.get(replica) ?? new Map<number, Ready>();
    this.#ready.set(replica, readyRanks);
    return ranks.flatMap((rank): Late[] => {
      const { phase, action, sinceNs } = replica.control.status(rank);
      const now = replica.clock.nowNs();
      if (phase === 'running' && now - sinceNs > boundNs) return [{ replica, rank, action, running: true }];
      const ready = phase === 'waiting' && (action === undefined || replica.blockedBy(action) === undefined);
      if (!ready) {
        readyRanks.delete(rank);
        return [];
      }
      const known = readyRanks.get(rank);
      if (known === undefined || !same(known.action, action)) readyRanks.set(rank, { action, sinceNs: now });
      else if (now - known.sinceNs > boundNs) return [{ replica, rank, action, running: false }];
      return [];
    });
  }
}

function same(a: Action | undefined, b: Action | undefined): boolean {
  return a === undefined || b === undefined ? a === b : isSame(a, b);
}
