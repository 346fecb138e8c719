import type { Mode } from './attributes.js';
import { ConfigError } from './base/errors.js';
import type { IpuConfig } from './ipu-config.js';

/**
 * Micro-batches that one call of all replicas takes: combined batch = micro-batch size × this.
 * Training: replicas × gradient accumulation × device iterations; inference has no accumulation.
 */
export function batchSizeFactor(config: IpuConfig, mode: Mode = config.mode): number {
  if (mode === 'inference') {
    return config.get('inference_replication_factor') * config.get('inference_device_iterations');
  }
  return (
    config.get('replication_factor') *
    config.get('gradient_accumulation_steps') *
    config.get('device_iterations')
  );
}

export interface CombinedBatch {
  /** Samples along the first dimension of an input. */
  readonly batchDim: number;
  readonly deviceIterations: number;
  readonly replication: number;
  /** Replicas that share one input; PopTorch's inputReplicaGrouping. */
  readonly inputGroupSize: number;
  readonly gradientAccumulation: number;
}

/**
 * Size of a micro-batch when a call gets `batchDim` samples.
 * Source: poptorch c2a8b17, python/_poplar_executor.py.
 * @throws ConfigError of type AssertionError when the samples cannot be shared out evenly
 */
export function microBatchOf(call: CombinedBatch): { readonly microBatch: number; readonly factor: number } {
  const { batchDim, deviceIterations, replication, inputGroupSize, gradientAccumulation } = call;
  const factor = deviceIterations * Math.floor(replication / inputGroupSize) * gradientAccumulation;
  if (batchDim % factor === 0) return { microBatch: batchDim / factor, factor };
  throw new ConfigError(
    'AssertionError',
    `Invalid batch dimension: In the input torch.Size([${batchDim}]), the batch dimension (${batchDim}) must be a` +
      ` multiple of Options.deviceIterations(${deviceIterations}) * (Options.replicationFactor(${replication}) /` +
      ` Options.inputReplicaGrouping.input_group_size(${inputGroupSize})) *` +
      ` Options.Training.gradientAccumulation(${gradientAccumulation}) = ${factor} because it is used to calculate` +
      ' the batch size which will be executed on the device in any given iteration. For a full explanation see the' +
      ' batching semantics page of the documentation.',
  );
}

/** Calls in one pass over a data set; without `dropLast` a short last one counts. */
export function stepsPerEpoch(samples: number, combinedBatch: number, dropLast: boolean): number {
  const steps = samples / combinedBatch;
  return dropLast ? Math.floor(steps) : Math.ceil(steps);
}

export interface TrainerThroughput {
  readonly samplesPerSecond: number;
  readonly stepsPerSecond: number;
}

/** Upstream's figures of a run, rounded to 3 decimals as its trainer does; the runtime excludes compilation. */
export function trainerThroughput(samples: number, steps: number, runtimeS: number): TrainerThroughput {
  const perSecond = (count: number): number => Math.round((count / runtimeS) * 1000) / 1000;
  return { samplesPerSecond: perSecond(samples), stepsPerSecond: perSecond(steps) };
}
