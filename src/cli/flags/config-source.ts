import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../ipu-config/base/errors.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';
import { parseIpuConfig, type LoadedConfig, type LoadOptions } from '../../../ipu-config/load-config.js';
import { PRESET_NAMES, isPresetName, loadPreset } from '../../../ipu-config/presets.js';

const FILE_NAME = 'ipu_config.json';

/**
 * Reads a configuration from a file, from a directory that holds `ipu_config.json`, or from a preset by its name.
 * A file or directory of that name comes first.
 * @throws InputError when there is nothing to read; ConfigError when it cannot be understood
 */
export async function readConfigSource(source: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  const found = await stat(source).catch(() => undefined);
  if (found === undefined) {
    if (isPresetName(source)) return loadPreset(source, options);
    throw new InputError(
      `There is no file, directory or preset ${source}. The presets are: ${PRESET_NAMES.join(', ')}.`,
    );
  }
  const file = found.isDirectory() ? join(source, FILE_NAME) : source;
  return parseIpuConfig(await readText(file), { file, ...options });
}
