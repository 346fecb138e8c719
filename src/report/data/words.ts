import type { IpuRun } from '../../hardware/run-spec.js';

/** How a run goes on: `pipelined`, `sharded`, or by another schedule than PopART's. */
export function orderName({ execution, schedule }: Pick<IpuRun, 'execution' | 'schedule'>): string {
  if (!schedule) return execution;
  const chunks = schedule.chunks === undefined ? '' : ` with ${schedule.chunks} chunks`;
  return `${schedule.name}${chunks}, free-running`;
}
