import { partsOf } from './model-shape.js';
import type { IpuRun } from './run-spec.js';

/** Weights that lie on each IPU of a replica; a vocabulary projection shares the word table of its own IPU. */
export function parametersPerIpu(run: IpuRun): number[] {
  const { stages } = run;
  const { parameters, tiedParameters } = partsOf(run.model);
  const sums = Array.from({ length: run.ipusPerReplica }, () => 0);
  const tableIpus = new Set(stages.filter((stage) => stage.embedding).map((stage) => stage.ipu));
  for (const { ipu, embedding, attention, feedForward, head } of stages) {
    sums[ipu]! +=
      attention * parameters.attention +
      feedForward * parameters.feedForward +
      (embedding ? parameters.embedding : 0) +
      (head ? parameters.head - (tableIpus.has(ipu) ? tiedParameters : 0) : 0);
  }
  return sums;
}
