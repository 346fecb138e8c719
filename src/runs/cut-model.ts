import { availableParallelism } from 'node:os';
import type { IpuConfig } from '../../ipu-config/ipu-config.js';
import { placeModel } from '../models/families/families.js';
import { oneDevice, planStages, type PlannedStage } from '../models/families/stage-plan.js';
import type { BertModel } from './model.js';

/** How a model is cut into stages, and how a configuration makes calls of its micro-batches. */
export interface CutModel {
  readonly stages: readonly PlannedStage[];
  readonly threadsPerStage: number;
  readonly replicas: number;
  readonly deviceIterations: number;
}

/**
 * Cuts a model, with its head, as a configuration says. Without one: one device with a thread for each core.
 * @throws ConfigError when the configuration does not fit the model
 */
export function cutModel({ config, head }: BertModel, ipuConfig: IpuConfig | undefined): CutModel {
  if (ipuConfig === undefined) {
    const stages = oneDevice(config, head);
    return { stages, threadsPerStage: availableParallelism(), replicas: 1, deviceIterations: 1 };
  }
  const placement = placeModel(ipuConfig, config, { head, mode: 'inference' });
  return {
    stages: planStages(config, placement),
    threadsPerStage: 1,
    replicas: placement.replicas,
    deviceIterations: ipuConfig.get('inference_device_iterations'),
  };
}
