import type { IpuMemory } from '../../hardware/memory.js';
import type { IpuRun } from '../../hardware/run-spec.js';

/** How a run goes on: `pipelined`, `sharded`, or by another schedule than PopART's. */
export function orderName({ execution, schedule }: Pick<IpuRun, 'execution' | 'schedule'>): string {
  if (!schedule) return execution;
  const chunks = schedule.chunks === undefined ? '' : ` with ${schedule.chunks} chunks`;
  return `${schedule.name}${chunks}, free-running`;
}

export function fullestIpu(memory: readonly IpuMemory[]): IpuMemory {
  return memory.reduce((a, b) => (b.totalBytes > a.totalBytes ? b : a));
}

/** Of its memory, that of the fullest IPU; IPUs are alike. */
export function fullestShare(memory: readonly IpuMemory[]): number {
  const { totalBytes, limitBytes } = fullestIpu(memory);
  return totalBytes / limitBytes;
}
