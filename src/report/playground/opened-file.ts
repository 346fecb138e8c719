import { ATTRIBUTE_NAMES } from '../../../ipu-config/attributes.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import { shapeOfConfig } from '../../hardware/shape-of-config.js';
import { PUBLISHED_MODELS } from '../../hardware/published-models.js';
import { withConfigText, type Setup } from './setup.js';

/** Keys by which a model's `config.json` is told from an `ipu_config.json`. */
const MODEL_KEYS = [
  ...['model_type', 'architectures', 'vocab_size', 'hidden_size', 'num_hidden_layers'],
  ...['num_attention_heads', 'dim', 'n_layers', 'n_heads', 'n_embd', 'n_layer', 'n_head'],
];
const LONGEST_NAME = 60;

/**
 * The setup with a file that someone opened: an `ipu_config.json`, or a model's `config.json`.
 * @throws IpuPipelineError that says what is wrong with the file, or what reads it
 */
export function withFile(setup: Setup, name: string, text: string): Setup {
  const keys = keysOf(text);
  if (typeof keys['format'] === 'string' && keys['format'].startsWith('ipu-pipeline-')) {
    throw new InputError(
      `${name} is a file of ipu-pipeline (${keys['format']}), not a configuration: \`ipu-pipeline report ${name}\` shows it. ` +
        "This page takes an ipu_config.json, or a model's config.json.",
    );
  }
  const among = (names: readonly string[]): number => names.filter((key) => Object.hasOwn(keys, key)).length;
  if (among(MODEL_KEYS) <= among(ATTRIBUTE_NAMES)) return { ...setup, ...withConfigText(text, name) };
  return { ...setup, model: { ...shapeOfConfig(name, text), name: modelName(name, keys['_name_or_path']) } };
}

/** What cannot be read is left to who reads it in earnest. */
function keysOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** As the file calls its model; no name of a published one, whose sizes are known. */
function modelName(file: string, said: unknown): string {
  const own = typeof said === 'string' ? (said.split('/').at(-1) ?? '').slice(0, LONGEST_NAME) : '';
  const name = own === '' ? file : own;
  return PUBLISHED_MODELS.includes(name) ? `${name} (${file})` : name;
}
