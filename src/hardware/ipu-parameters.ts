import { parametersOfPart } from './model-shape.js';
import type { IpuRun } from './run-spec.js';

/** Weights that lie on each IPU of a replica; a vocabulary projection shares the word table of its own IPU. */
export function parametersPerIpu(run: IpuRun): number[] {
  const { model, stages } = run;
  const sums = Array.from({ length: run.ipusPerReplica }, () => 0);
  const tableIpus = new Set(stages.filter((stage) => stage.embedding).map((stage) => stage.ipu));
  for (const stage of stages) {
    sums[stage.ipu]! +=
      stage.attention * parametersOfPart(model, 'attention') +
      stage.feedForward * parametersOfPart(model, 'feedForward') +
      (stage.embedding ? parametersOfPart(model, 'embedding') : 0) +
      (stage.head ? parametersOfPart(model, 'head', tableIpus.has(stage.ipu)) : 0);
  }
  return sums;
}
