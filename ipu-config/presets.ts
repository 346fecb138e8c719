import bertBaseIpu from './presets/bert-base-ipu.json' with { type: 'json' };
import bertBaseUncased from './presets/bert-base-uncased.json' with { type: 'json' };
import bertBaseUncasedSquad from './presets/bert-base-uncased-squad.json' with { type: 'json' };
import bertLargeIpu from './presets/bert-large-ipu.json' with { type: 'json' };
import bertLargeUncased from './presets/bert-large-uncased.json' with { type: 'json' };
import { InputError } from './base/errors.js';
import { loadIpuConfig, type LoadedConfig, type LoadOptions } from './load-config.js';

/**
 * Configurations that Graphcore published for BERT on the Hugging Face Hub, under the names they have there
 * (Graphcore/NAME). Those of 2021 and 2022 hold keys of their time and load with warnings.
 */
export const PRESETS: Readonly<Record<PresetName, Readonly<Record<string, unknown>>>> = {
  'bert-large-ipu': bertLargeIpu,
  'bert-large-uncased': bertLargeUncased,
  'bert-base-ipu': bertBaseIpu,
  'bert-base-uncased': bertBaseUncased,
  'bert-base-uncased-squad': bertBaseUncasedSquad,
};

export const PRESET_NAMES = [
  'bert-large-ipu',
  'bert-large-uncased',
  'bert-base-ipu',
  'bert-base-uncased',
  'bert-base-uncased-squad',
] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

export function isPresetName(name: string): name is PresetName {
  return (PRESET_NAMES as readonly string[]).includes(name);
}

/** @throws InputError for a name that is no preset */
export function loadPreset(name: string, options: LoadOptions = {}): LoadedConfig {
  if (!isPresetName(name)) {
    throw new InputError(`There is no preset ${name}. The presets are: ${PRESET_NAMES.join(', ')}.`);
  }
  return loadIpuConfig(PRESETS[name], { file: `preset ${name}`, ...options });
}
