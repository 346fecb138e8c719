import { lockstepTime } from '../../pipeline/simulate/lockstep-time.js';
import type { IpuRun } from './run-spec.js';
import { checkRanges } from './ranges.js';
import { callNs, commonCycleNs, simulateCall, type SimulatedCall } from './simulate-run.js';
import { stageCosts } from './stage-cost.js';
import { updatePhases } from './update-cost.js';

export interface PredictedRates {
  readonly rowsPerSecond: number;
  readonly sequencesPerSecond: number;
  /** One weight update in training, one call in inference. */
  readonly stepSeconds: number;
}

/**
 * The rates of `simulateIpus`, without going through the cycles one by one where all that fill the pipeline are alike.
 * @throws as `simulateIpus`
 */
export function predictRates(run: IpuRun): PredictedRates {
  checkRanges(run);
  const training = run.mode === 'training';
  const microBatches = training ? run.gradientAccumulation : run.deviceIterations;
  const depth = training ? 2 * run.stages.length - 1 : run.stages.length;
  const isSharded = run.execution === 'sharded' && !training;
  // Another order has no closed form, and what does not fill the pipeline is told by the schedule itself.
  if (run.schedule || (!isSharded && microBatches < depth)) return ratesOf(simulateCall(run));
  const stages = stageCosts(run).map(({ forwardNs, recomputeNs, backwardNs }, j) => ({
    ...{ rank: run.stages[j]!.ipu, forwardNs, backwardNs: recomputeNs + backwardNs },
  }));
  const cycles = isSharded ? microBatches * stages.length : microBatches + depth - 1;
  const computeNs = isSharded
    ? microBatches * stages.reduce((sum, { forwardNs }) => sum + forwardNs, 0)
    : lockstepTime(stages, microBatches, training);
  const updateNs = updatePhases(run).reduce((sum, { ns }) => sum + ns, 0);
  return ratesOf({ run, callNs: callNs(run, computeNs + cycles * commonCycleNs(run) + updateNs) });
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

export function ratesOf({ run, callNs }: Pick<SimulatedCall, 'run' | 'callNs'>): PredictedRates {
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
