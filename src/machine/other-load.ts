import { readFileSync } from 'node:fs';
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
  const stolenMs = stolenByHost();
  const { user, system } = process.cpuUsage();
  return { allMs: allMs + stolenMs, busyMs: busyMs + stolenMs, ownMs: (user + system) / 1000 };
}

/** A tick of Linux's counters is 10 ms on every platform that Node runs on (USER_HZ). */
const MS_PER_TICK = 10;
/** `cpu user nice system idle iowait irq softirq steal …`, the first line of /proc/stat; see proc(5). */
const STEAL = 8;

/** What a virtual machine's host gave to others, which Node's own figures leave out; 0 where it is not to be known. */
function stolenByHost(): number {
  try {
    const [all = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
    const ticks = Number(all.split(/ +/)[STEAL]);
    return Number.isFinite(ticks) ? ticks * MS_PER_TICK : 0;
  } catch {
    return 0;
  }
}
