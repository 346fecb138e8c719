import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readModelConfig, type ModelHead } from 'ipu-pipeline/models';
import { GeneratedWeights, sliceTensors } from 'ipu-pipeline/internals';
import { f32, writeSafetensors, type StoredTensor } from '../checkpoint/written-files.js';

/** A small model's config.json. */
export const smallConfig = {
  architectures: ['BertForQuestionAnswering'],
  model_type: 'bert',
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
  vocab_size: 11,
  max_position_embeddings: 6,
};

/** Its tensors by upstream's names, with generated values. */
export async function smallTensors(
  head: ModelHead | null,
  json: object = smallConfig,
): Promise<Record<string, StoredTensor>> {
  const { config } = readModelConfig('config.json', JSON.stringify(json));
  const whole = { embedding: true, firstLayer: 0, endLayer: config.numHiddenLayers, head };
  const weights = new GeneratedWeights();
  const tensors: Record<string, StoredTensor> = {};
  for (const { name, shape } of sliceTensors(config, whole)) {
    tensors[name] = f32([...shape], await weights.tensor(name, shape));
  }
  return tensors;
}

export async function writeModel(
  directory: string,
  tensors: Record<string, StoredTensor> | undefined,
  json: object = smallConfig,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'config.json'), JSON.stringify(json));
  if (tensors) await writeSafetensors(join(directory, 'model.safetensors'), tensors);
  return directory;
}
