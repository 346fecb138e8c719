import { join } from 'node:path';
import { isFile } from '../../../ipu-config/base/files/read-text.js';
import type { LoadedConfig } from '../../../ipu-config/load-config.js';
import { evenConfig } from '../../../ipu-config/even-config.js';
import type { BertModel } from '../../runs/model.js';
import { readConfigSource } from './config-source.js';

export interface NamedConfig extends LoadedConfig {
  /** How reports call it. */
  readonly name: string;
}

/** Published configurations by the number of layers that they place. */
const PRESET_OF_LAYERS: Readonly<Record<number, string>> = { 24: 'bert-large-ipu', 12: 'bert-base-ipu' };

/** IPUs of a split that nobody has published. */
const USUAL_IPUS = 4;

/** Path of the `ipu_config.json` beside a model; undefined when there is none. */
export async function ownConfig({ directory }: BertModel): Promise<string | undefined> {
  if (directory === undefined) return undefined;
  const path = join(directory, 'ipu_config.json');
  return (await isFile(path)) ? path : undefined;
}

/**
 * The configuration that cuts a model: the one asked for, else the one beside the model, else the published one for
 * as many layers, else an even split over 4 IPUs.
 * @throws InputError, ConfigError as `readConfigSource`
 */
export async function configFor(model: BertModel, asked: string | undefined): Promise<NamedConfig> {
  const layers = model.config.numHiddenLayers;
  const source = asked ?? (await ownConfig(model)) ?? PRESET_OF_LAYERS[layers];
  if (source !== undefined) return { name: source, ...(await readConfigSource(source)) };
  const ipus = Math.min(USUAL_IPUS, layers);
  return { name: `even split over ${ipus} IPUs`, config: evenConfig(ipus), warnings: [] };
}
