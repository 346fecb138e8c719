import { availableParallelism } from 'node:os';
import { placeBert } from '../../models/bert/bert-placement.js';
import type { BertModel } from '../../runs/model.js';
import { oneDevice, planStages, type BertStage } from '../../models/bert/stage-plan.js';
import { readConfigSource } from './config-source.js';
import { ownConfig } from './default-config.js';

/** How a model is cut for a task, and how a configuration makes calls of its micro-batches. */
export interface CutModel {
  readonly stages: readonly BertStage[];
  readonly threadsPerStage: number;
  readonly replicas: number;
  readonly deviceIterations: number;
}

/**
 * Cuts as a configuration says: the one that is given, else the ipu_config.json beside the model. Without any: one
 * device with a thread for each core.
 */
export async function cutModel(model: BertModel, config: string | undefined): Promise<CutModel> {
  const source = config ?? (await ownConfig(model));
  if (source === undefined) {
    const stages = oneDevice(model.config, model.head);
    return { stages, threadsPerStage: availableParallelism(), replicas: 1, deviceIterations: 1 };
  }
  const { config: loaded, warnings } = await readConfigSource(source);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const shape = { layers: model.config.numHiddenLayers, head: model.head, mode: 'inference' } as const;
  const placement = placeBert(loaded, shape);
  return {
    stages: planStages(model.config, placement),
    threadsPerStage: 1,
    replicas: placement.replicas,
    deviceIterations: loaded.get('inference_device_iterations'),
  };
}
