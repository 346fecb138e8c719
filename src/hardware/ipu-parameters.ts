import {
  attentionParameters,
  embeddingParameters,
  feedForwardParameters,
  headParameters,
} from './model-shape.js';
import type { IpuRun } from './run-spec.js';

/** Weights that lie on each IPU of a replica; a vocabulary projection shares the word table of its own IPU. */
export function parametersPerIpu(run: IpuRun): number[] {
  const { model, stages } = run;
  const sums = Array.from({ length: run.ipusPerReplica }, () => 0);
  const tableIpus = new Set(stages.filter((stage) => stage.embedding).map((stage) => stage.ipu));
  for (const stage of stages) {
    sums[stage.ipu]! +=
      stage.attention * attentionParameters(model) +
      stage.feedForward * feedForwardParameters(model) +
      (stage.embedding ? embeddingParameters(model) : 0) +
      (stage.head ? headParameters(model, tableIpus.has(stage.ipu)) : 0);
  }
  return sums;
}
