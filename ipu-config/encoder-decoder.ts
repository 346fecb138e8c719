import { ConfigError } from './base/errors.js';
import type { IpuConfig } from './ipu-config.js';
import { expandLayersPerIpu, layerSplit } from './layer-placement.js';
import { quoted } from './python-repr.js';
import { isList } from './python-value.js';

export interface EncoderDecoderConfigs {
  readonly encoder: IpuConfig;
  readonly decoder: IpuConfig;
}

/**
 * Cuts the configuration of an encoder-decoder model into one for each half, in its present mode. The encoder gets
 * a power of two of IPUs, the largest that ends where its layers end.
 * Source: optimum-graphcore b8cd6e09, optimum/graphcore/modeling_utils.py, split_encoder_decoder_ipu_config.
 * As there, the number of the decoder's IPUs is not checked.
 * @throws ConfigError when no cut is possible, or serialized layers would lie on both sides
 */
export function splitEncoderDecoder(
  config: IpuConfig,
  encoderLayers: number,
  decoderLayers: number,
): EncoderDecoderConfigs {
  if (config.managed('ipus_per_replica') < 2) {
    throw new ConfigError(
      'IncompatibleIPUConfigError',
      `Need ${config.managedName('ipus_per_replica')} to be at least 2 to split ipu_config into encoder and decoder configs`,
    );
  }
  const layers = expandLayersPerIpu(layerSplit(config), encoderLayers + decoderLayers);
  const cut = findCut(layers, encoderLayers);
  if (cut === undefined) throw noCut(config, encoderLayers, decoderLayers);

  const encoder = config.clone();
  const decoder = config.clone();
  encoder.set('_layers_per_ipu', layers.slice(0, cut));
  decoder.set('_layers_per_ipu', layers.slice(cut));
  moveSplits(config, 'embedding', cut, encoder, decoder);
  moveSplits(config, 'projection', cut, decoder, encoder);
  encoder.set('_ipus_per_replica', cut);
  decoder.set('_ipus_per_replica', layers.length - cut);
  const proportion = config.raw(config.managedName('matmul_proportion'));
  if (isList(proportion)) {
    encoder.set('_matmul_proportion', proportion.slice(0, cut));
    decoder.set('_matmul_proportion', proportion.slice(cut));
  }
  return { encoder, decoder };
}

function findCut(layers: readonly number[], encoderLayers: number): number | undefined {
  let sum = 0;
  return layers
    .flatMap((count, ipu) => ((sum += count) === encoderLayers ? [ipu + 1] : []))
    .filter((ipus) => (ipus & (ipus - 1)) === 0)
    .at(-1);
}

/** Gives the splits of a layer to the half that owns it; the other half must hold none. */
function moveSplits(
  config: IpuConfig,
  layer: 'embedding' | 'projection',
  cut: number,
  owner: IpuConfig,
  other: IpuConfig,
): void {
  const name = `serialized_${layer}_splits_per_ipu` as const;
  const splits = config.raw(config.managedName(name));
  if (!isList(splits)) return;
  const parts = { encoder: splits.slice(0, cut), decoder: splits.slice(cut) };
  const [own, foreign] =
    layer === 'embedding' ? (['encoder', 'decoder'] as const) : (['decoder', 'encoder'] as const);
  owner.set(`_${name}`, parts[own]);
  other.set(`_${name}`, null);
  if (!parts[foreign].some(Boolean)) return;
  const module = layer === 'embedding' ? 'SerializedEmbedding' : 'SplitProjection';
  throw new ConfigError(
    'ValueError',
    `The \`${module}\` must have all splits placed on the ${own}, but` +
      ` ${config.managedName(name)}=${quoted(splits)} results in` +
      ` ${quoted(parts[foreign])} being placed on the ${foreign}`,
  );
}

function noCut(config: IpuConfig, encoderLayers: number, decoderLayers: number): ConfigError {
  const name = config.managedName('layers_per_ipu');
  return new ConfigError(
    'IncompatibleIPUConfigError',
    `Unable to find a valid split of ipu_config.${name}\n` +
      `Arguments: \n\tipu_config.${name}=${quoted(config.raw(name))}\n` +
      `\tnum_encoder_layers=${encoderLayers}\n\tnum_decoder_layers=${decoderLayers}\n` +
      'Possible causes: \nEncoder and decoder layers cannot be placed on the same IPUs.\n' +
      `The encoder and decoder ${name} splits each need a number of devices that's a power of 2.`,
  );
}
