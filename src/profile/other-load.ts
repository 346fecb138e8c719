import { cpus } from 'node:os';
import { median } from './statistics.js';

/** Less than this of the cores' time does not disturb a measurement. */
export const QUIET = 0.03;

/** What was measured in quiet; where that is less than half, the quieter half. */
export function leastDisturbed<T extends { readonly otherLoad: number }>(measured: readonly T[]): T[] {
  const limit = Math.max(QUIET, median(measured.map(({ otherLoad }) => otherLoad)));
  return measured.filter(({ otherLoad }) => otherLoad <= limit);
}

/** Core time of all processes and of this one, in milliseconds. */
interface CoreTime {
  readonly allMs: number;
  readonly busyMs: number;
  readonly ownMs: number;
}

/** How busy other processes keep the cores: what is measured beside them is not the machine's own speed. */
export class OtherLoad {
  #since = coreTime();

  /** Share of all core time that others took since this was asked last; the system counts in steps of 10 ms. */
  take(): number {
    const [before, now] = [this.#since, coreTime()];
    this.#since = now;
    const others = now.busyMs - before.busyMs - (now.ownMs - before.ownMs);
    return Math.min(1, Math.max(0, others / Math.max(1, now.allMs - before.allMs)));
  }
}

function coreTime(): CoreTime {
  let [allMs, busyMs] = [0, 0];
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq;
    busyMs += busy;
    allMs += busy + times.idle;
  }
  const { user, system } = process.cpuUsage();
  return { allMs, busyMs, ownMs: (user + system) / 1000 };
}
