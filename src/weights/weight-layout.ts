import * as v from 'valibot';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { brief, parseJson } from '../../ipu-config/base/json-text.js';

/** Weights in the order in which upstream prefers them; each as one file, or as an index with shards. */
export const WEIGHT_FILES = ['model.safetensors', 'pytorch_model.bin'] as const;

/** How the weights of a model are stored. */
export interface WeightLayout {
  readonly kind: 'file' | 'index';
  readonly format: (typeof WEIGHT_FILES)[number];
  readonly path: string;
}

/** Names that a weight layout may have, all of them. */
export const LAYOUT_FILES = WEIGHT_FILES.flatMap((file) => [file, indexOf(file)]);

/**
 * The first form of weights that is there.
 * @returns undefined when there are none that this project reads
 */
export function weightLayout(has: (path: string) => boolean): WeightLayout | undefined {
  for (const format of WEIGHT_FILES) {
    if (has(format)) return { kind: 'file', format, path: format };
    if (has(indexOf(format))) return { kind: 'index', format, path: indexOf(format) };
  }
  return undefined;
}

function indexOf(file: string): string {
  return `${file}.index.json`;
}

const INDEX = v.object({ weight_map: v.record(v.string(), v.string()) });

/**
 * The file of each tensor, as an index says.
 * @param name what messages call the index
 * @throws CheckpointError when the text is no index, names no tensor, or leads out of the model's directory
 */
export function readWeightIndex(name: string, text: string): [tensor: string, file: string][] {
  const parsed = v.safeParse(INDEX, parseJson(name, text));
  if (!parsed.success) {
    throw new CheckpointError(`${name} must have a weight_map that gives the file of each tensor.`);
  }
  const placed = Object.entries(parsed.output.weight_map);
  if (placed.length === 0) throw new CheckpointError(`${name} has an empty weight_map: it names no tensor.`);
  for (const [tensor, file] of placed) {
    if (!/^[^/\\\0]+$/.test(file) || file === '..' || file === '.') {
      throw new CheckpointError(
        `${name} puts tensor ${brief(tensor)} into ${brief(file)}: it must be a file beside the index.`,
      );
    }
  }
  return placed;
}

/** The files that an index spreads the tensors over, each once; see `readWeightIndex`. */
export function shardsOf(name: string, text: string): string[] {
  return [...new Set(readWeightIndex(name, text).map(([, file]) => file))];
}
