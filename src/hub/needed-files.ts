import { InputError } from '../../ipu-config/base/errors.js';

/** Everything beside the weights that some part of this project reads. All but the first may be missing. */
export const SMALL_FILES = [
  'config.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'tokenizer_config.json',
  'tokenizer.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'ipu_config.json',
  // sentence-transformers: how a text becomes one vector
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling/config.json',
] as const;

/** Weights in the order in which they are looked for; each as one file or as an index with shards. */
const WEIGHT_FILES = ['model.safetensors', 'pytorch_model.bin'] as const;

/** How the weights of a model are stored. */
export interface WeightLayout {
  readonly kind: 'file' | 'index';
  readonly path: string;
}

/**
 * The first form of weights that is there.
 * @returns undefined when there are none that this project reads
 */
export function weightLayout(has: (path: string) => boolean): WeightLayout | undefined {
  for (const path of WEIGHT_FILES) {
    if (has(path)) return { kind: 'file', path };
    if (has(`${path}.index.json`)) return { kind: 'index', path: `${path}.index.json` };
  }
  return undefined;
}

/**
 * The files that an index spreads the tensors over, each once.
 * @throws InputError when the text is no index or a name leads out of the model's directory
 */
export function shardsOf(name: string, text: string): string[] {
  let map: unknown;
  try {
    map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map;
  } catch (error) {
    throw new InputError(`${name} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  if (typeof map !== 'object' || map === null) {
    throw new InputError(`${name} must have a weight_map that gives the file of each tensor.`);
  }
  const shards = [...new Set(Object.values(map) as unknown[])];
  for (const shard of shards) {
    if (typeof shard !== 'string' || !/^[^/\\\0]+$/.test(shard) || /^\.+$/.test(shard)) {
      throw new InputError(
        `${name} puts tensors into ${JSON.stringify(shard)}: it must be a file beside the index.`,
      );
    }
  }
  return shards as string[];
}

/** Whether some file is read of a folder within a model. */
export function isNeededFolder(path: string): boolean {
  return SMALL_FILES.some((file) => file.startsWith(`${path}/`));
}

/** Whether a file of a listing can be of use at all; shards may have any name, but their formats' ending. */
export function isNeeded(path: string): boolean {
  const isWeights = !path.includes('/') && /\.(?:safetensors|bin|index\.json)$/.test(path);
  return isWeights || (SMALL_FILES as readonly string[]).includes(path);
}
