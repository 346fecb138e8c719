import { InputError } from '../../ipu-config/base/errors.js';
import { parseJson } from '../../ipu-config/base/json-text.js';
import { familyOfType, readModelConfig } from '../models/families/families.js';
import { HEADS, headsFor, type Head, type ModelShape } from './model-shape.js';
import { headSpelt } from './names.js';
import { sizesOf } from './published-models.js';

/**
 * The sizes of a model from its `config.json`, read as the runtime reads it where that runs such models.
 * @param file for messages
 * @param head instead of the one that the file's class names
 * @returns the shape under the file's name
 * @throws InputError, CheckpointError that say which key is missing or wrong
 */
export function shapeOfConfig(file: string, text: string, head?: Head): ModelShape {
  const json = parseJson(file, text.replace(/^\ufeff/, ''));
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new InputError(`${file} does not hold a JSON object.`);
  }
  const raw = json as Readonly<Record<string, unknown>>;
  const own = head ?? headOf(raw['architectures']) ?? 'none';
  if (typeof raw['model_type'] !== 'string' || !familyOfType(raw['model_type'])) {
    return { name: file, ...otherSizes(raw, file), head: own };
  }
  const shape = { name: file, ...sizesOf(readModelConfig(file, text).config, own) };
  // Not every family's plain model has a pooler.
  return head === undefined && !headsFor(shape).includes(own) ? { ...shape, head: 'none' } : shape;
}

/** Of models that are simulated, but not run. */
function otherSizes(
  config: Readonly<Record<string, unknown>>,
  file: string,
): Omit<ModelShape, 'name' | 'head'> {
  const optionalSize = (...keys: string[]): number | undefined => {
    const found = keys.map((key) => config[key]).find((value) => value !== undefined && value !== null);
    if (found === undefined) return undefined;
    const value = Number(found);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new InputError(`${file}: ${keys.join(' or ')} must be a whole number from 1.`);
  };
  const size = (...keys: string[]): number => {
    const value = optionalSize(...keys);
    if (value !== undefined) return value;
    throw new InputError(`${file} has no whole number ${keys.join(' or ')}.`);
  };
  const hiddenSize = size('hidden_size', 'n_embd');
  return {
    hiddenSize,
    layers: size('num_hidden_layers', 'n_layer'),
    attentionHeads: size('num_attention_heads', 'n_head'),
    intermediateSize: optionalSize('intermediate_size', 'n_inner') ?? 4 * hiddenSize,
    vocabSize: size('vocab_size'),
    maxPositions: optionalSize('max_position_embeddings', 'n_positions') ?? 512,
    labels: optionalSize('num_labels') ?? 2,
  };
}

/** By the end of Hugging Face's class name. */
function headOf(architectures: unknown): Head | undefined {
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  if (typeof first !== 'string') return undefined;
  if (/LMHeadModel$/.test(first)) return 'causal-lm';
  if (/Model$/.test(first)) return 'pooler';
  return headSpelt(/For([A-Z]\w*)$/.exec(first)?.[1] ?? '', HEADS);
}
