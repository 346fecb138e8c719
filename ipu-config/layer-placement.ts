import { ConfigError } from './base/errors.js';
import type { IpuConfig } from './ipu-config.js';
import { quoted } from './python-repr.js';

/** What placement needs of a configuration, with the names that messages call it by. */
export interface LayerSplit {
  readonly layersPerIpu: readonly number[];
  readonly ipusPerReplica: number;
  readonly layersName: string;
  readonly ipusName: string;
}

/** The split that a configuration asks for in its present mode. */
export function layerSplit(config: IpuConfig): LayerSplit {
  return {
    layersPerIpu: config.managed('layers_per_ipu'),
    ipusPerReplica: config.managed('ipus_per_replica'),
    layersName: config.managedName('layers_per_ipu'),
    ipusName: config.managedName('ipus_per_replica'),
  };
}

/**
 * Replaces the wildcards (-1) of `layers_per_ipu` by numbers of layers. The remainder goes to the last wildcard.
 * One IPU takes all layers, whatever `layers_per_ipu` says.
 * Source: optimum-graphcore b8cd6e09, optimum/graphcore/modeling_utils.py, _expand_layers_per_ipu_wildcard.
 * As there, fixed entries that sum to more than the model has leave a negative wildcard;
 * `placeBert` refuses those.
 * @param layers layers of the model; null leaves wildcards as they are
 * @throws ConfigError when the split does not fit the model
 */
export function expandLayersPerIpu(split: LayerSplit, layers: number | null): readonly number[] {
  const { layersPerIpu, ipusPerReplica, layersName, ipusName } = split;
  const values = `${layersName}=${quoted(layersPerIpu)}`;
  if (layersPerIpu.some((count) => count < -1)) throw misfit(`Invalid values in ${layersName}. ${values}`);
  if (ipusPerReplica < 1)
    throw misfit(`Invalid value for ${ipusName}. ${ipusName}=${quoted(ipusPerReplica)}`);
  if (layers === null) return layersPerIpu;
  if (ipusPerReplica === 1) return [layers];
  const hasWildcard = layersPerIpu.includes(-1);
  if (layersPerIpu.length === 1 && hasWildcard) {
    return fillWildcards(
      Array.from({ length: ipusPerReplica }, () => -1),
      layers,
    );
  }
  if (layersPerIpu.length !== ipusPerReplica) {
    throw misfit(
      `${layersName} has a non-default value set, but its length does not match ` +
        `${ipusName}${values}, ${ipusName}=${quoted(ipusPerReplica)}. `,
    );
  }
  if (hasWildcard) return fillWildcards(layersPerIpu, layers);
  const sum = layersPerIpu.reduce((total, count) => total + count, 0);
  if (sum === layers) return layersPerIpu;
  throw misfit(
    `${layersName} does not define the correct number of layers for the current model.` +
      ` The current IPU Config specifies IPU assignments for ${sum} layers` +
      ` but there are ${layers} layers in the model. ${values}`,
  );
}

function fillWildcards(layersPerIpu: readonly number[], layers: number): readonly number[] {
  const fixed = layersPerIpu.reduce((total, count) => total + (count === -1 ? 0 : count), 0);
  const wildcards = layersPerIpu.filter((count) => count === -1).length;
  const each = Math.floor((layers - fixed) / wildcards);
  const rest = layers - fixed - each * wildcards;
  const last = layersPerIpu.lastIndexOf(-1);
  return layersPerIpu.map((count, ipu) => (count === -1 ? each + (ipu === last ? rest : 0) : count));
}

/**
 * The IPU of each layer, in order.
 * @param layers layers of the model; null takes the file's own numbers and leaves wildcards empty
 * @throws ConfigError when the split does not fit the model
 */
export function layerIpus(split: LayerSplit, layers: number | null): readonly number[] {
  return expandLayersPerIpu(split, layers).flatMap((count, ipu) =>
    Array.from({ length: Math.max(0, count) }, () => ipu),
  );
}

function misfit(message: string): ConfigError {
  return new ConfigError('IncompatibleIPUConfigError', message);
}
