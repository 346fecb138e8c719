import type { IpuRun } from './run-spec.js';
import { simulateCall, type SimulatedCall } from './simulate-run.js';

export interface PredictedRates {
  readonly rowsPerSecond: number;
  readonly sequencesPerSecond: number;
  /** One weight update in training, one call in inference. */
  readonly stepSeconds: number;
}

/** @throws ConfigError when too few micro-batches fill the pipeline */
export function predictRates(run: IpuRun): PredictedRates {
  return ratesOf(simulateCall(run));
}

/**
 * One IPU with the whole model is what a pipeline is measured against, whether or not it has the memory.
 * @returns undefined where a replica is one IPU already
 */
export function ratesOnOneIpu({ schedule: _, ...run }: IpuRun): PredictedRates | undefined {
  if (run.ipusPerReplica === 1) return undefined;
  const { layers } = run.model;
  const head = run.stages.some((stage) => stage.head);
  const stages = [{ ipu: 0, embedding: true, attention: layers, feedForward: layers, head }];
  return predictRates({ ...run, ipusPerReplica: 1, stages });
}

export function ratesOf({ run, callNs }: SimulatedCall): PredictedRates {
  const training = run.mode === 'training';
  const microBatches = (training ? run.gradientAccumulation : 1) * run.deviceIterations;
  const rows = run.microBatch * microBatches * run.replicas;
  const rowsPerSecond = rows / (callNs / 1e9);
  return {
    rowsPerSecond,
    sequencesPerSecond: rowsPerSecond * run.sequencesPerRow,
    stepSeconds: callNs / 1e9 / (training ? run.deviceIterations : 1),
  };
}
