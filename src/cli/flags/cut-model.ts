import { sayWarnings } from './say-warnings.js';
import { cutModel, type CutModel } from '../../runs/cut-model.js';
import type { BertModel } from '../../runs/model.js';
import { readConfigSource } from './config-source.js';
import { ownConfig } from './default-config.js';

/** Cuts as a configuration says: the one that is given, else the ipu_config.json beside the model; see `cutModel`. */
export async function cutAsAsked(model: BertModel, config: string | undefined): Promise<CutModel> {
  const source = config ?? (await ownConfig(model));
  if (source === undefined) return cutModel(model, undefined);
  const loaded = await readConfigSource(source);
  sayWarnings(loaded.warnings);
  return cutModel(model, loaded.config);
}
