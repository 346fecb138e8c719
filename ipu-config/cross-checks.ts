import { ConfigError } from './base/errors.js';
import type { IpuConfig } from './ipu-config.js';
import { MODES, type AttributeName, type Mode } from './attributes.js';
import { isList, isTruthy } from './python-value.js';
import { quoted } from './python-repr.js';

/**
 * Checks attributes against each other, for training and then for inference, as upstream does once at the end of
 * construction. Gives the serialization factors that are to be set to 1 because nothing else was given.
 * @throws ConfigError naming both attributes and their values
 */
export function checkTogether(config: IpuConfig): readonly AttributeName[] {
  return MODES.flatMap((mode) => checkMode(config, mode));
}

function checkMode(config: IpuConfig, mode: Mode): AttributeName[] {
  const twin = (name: string): AttributeName =>
    (mode === 'training' ? name : `inference_${name}`) as AttributeName;
  const ipusName = twin('ipus_per_replica');
  const ipus = config.get(ipusName) as number;
  const sameIpus = (name: AttributeName, type: 'IncompatibleIPUConfigError' | 'ValueError'): void => {
    const value = config.raw(name);
    if (!isList(value) || value.length === ipus) return;
    const values = `${name}=${quoted(value)} should use the same number of IPUs as`;
    throw new ConfigError(type, `${values} ${ipusName}=${quoted(config.raw(ipusName))}.`);
  };

  sameIpus(twin('matmul_proportion'), 'IncompatibleIPUConfigError');
  const layers = config.get(twin('layers_per_ipu')) as readonly number[];
  // Where there is a wildcard, placement checks the length, when it knows the model.
  if (!layers.includes(-1)) sameIpus(twin('layers_per_ipu'), 'IncompatibleIPUConfigError');

  const unset: AttributeName[] = [];
  for (const layer of ['embedding', 'projection']) {
    const factor = twin(`${layer}_serialization_factor`);
    const splits = twin(`serialized_${layer}_splits_per_ipu`);
    const given = (name: AttributeName): boolean => isTruthy(config.raw(name));
    if (!given(factor) && !given(splits)) unset.push(factor);
    if (given(factor) && given(splits)) throw onlyOne(layer, factor, splits);
    sameIpus(splits, 'ValueError');
  }
  return unset;
}

function onlyOne(layer: string, factor: string, splits: string): ConfigError {
  return new ConfigError(
    'ValueError',
    `Only one of \`${factor}\` and \`${splits}\` should be used at once.` +
      ` \`${factor}\` should be used when you want your ${layer} layer serialised on the same IPU` +
      ` (which IPU depends on the model). \`${splits}\` should be used when you want your ${layer} layer to be` +
      ' split across multiple IPUs of your choice (or to choose which single IPU the layer is serialised on).',
  );
}
