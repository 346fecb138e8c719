import type { RankActivity, SteadyActivity } from './steady-window.js';

/** A stage that computes for so much of the time leaves nothing for another cause to explain. */
const SATURATED = 0.9;

/** What bounds the throughput of a steady state, in words. */
export function boundBy(activity: SteadyActivity, machine: { cores: number; threads: number }): string {
  const bottleneck = activity.ranks.reduce((a, b) => (b.busyShare > a.busyShare ? b : a));
  if (machine.threads > machine.cores) {
    return `the machine: ${machine.threads} threads compute on ${machine.cores} cores`;
  }
  if (bottleneck.busyShare >= SATURATED) {
    const share = (bottleneck.busyShare * 100).toFixed(0);
    return activity.ranks.length === 1
      ? `the device, busy ${share} % of the time`
      : `IPU ${bottleneck.rank}, the slowest stage, busy ${share} % of the time`;
  }
  const [cause, share] = largestStall(bottleneck);
  return `waiting (${cause}, ${(share * 100).toFixed(0)} % of the time of IPU ${bottleneck.rank}, the busiest)`;
}

function largestStall({ stallShares }: RankActivity): [string, number] {
  const causes = Object.entries(stallShares).sort((a, b) => b[1] - a[1]);
  return causes[0] ?? ['nothing measured', 0];
}
