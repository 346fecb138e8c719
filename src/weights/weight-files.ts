import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { readJsonFile } from '../../ipu-config/base/files/read-json.js';
import { brief } from '../../ipu-config/base/json-text.js';
import { reason } from '../../ipu-config/base/reason.js';
import { SafetensorsFile } from './safetensors.js';
import type { TensorFile } from './tensor-file.js';
import { TorchFile } from './torch-file.js';

interface Format {
  readonly file: string;
  readonly open: (path: string) => Promise<TensorFile>;
}

/** Formats in the order in which upstream prefers them; each as one file or as shards with an index. */
const FORMATS: readonly Format[] = [
  { file: 'model.safetensors', open: (path) => SafetensorsFile.open(path) },
  { file: 'pytorch_model.bin', open: (path) => TorchFile.open(path) },
];

/**
 * Opens the files that hold a directory's weights: `model.safetensors`, its shards, `pytorch_model.bin` or its
 * shards, the first that is there.
 * @throws CheckpointError when none is there or one is not right; none is left open then.
 */
export async function openWeightFiles(directory: string): Promise<TensorFile[]> {
  for (const { file, open } of FORMATS) {
    const path = join(directory, file);
    if (await exists(path)) return [await open(path)];
    const index = `${path}.index.json`;
    if (await exists(index)) return openShards(directory, index, open);
  }
  throw new CheckpointError(
    `${directory} has no weights: it needs model.safetensors or pytorch_model.bin, or either's shards with an ` +
      `index (${FORMATS.map(({ file }) => `${file}.index.json`).join(' or ')}). It has ${await listing(directory)}.`,
  );
}

const indexSchema = v.object({ weight_map: v.record(v.string(), v.string()) });

async function openShards(directory: string, index: string, open: Format['open']): Promise<TensorFile[]> {
  const parsed = v.safeParse(indexSchema, await readJsonFile(index));
  if (!parsed.success) {
    throw new CheckpointError(`${index} must have a weight_map that gives the file of each tensor.`);
  }
  const placed = Object.entries(parsed.output.weight_map);
  if (placed.length === 0) throw new CheckpointError(`${index} has an empty weight_map: it names no tensor.`);
  for (const [tensor, file] of placed) {
    if (/[/\\\0]/.test(file) || file === '..' || file === '.' || file === '') {
      throw new CheckpointError(
        `${index} puts tensor ${tensor} into ${brief(file)}: it must be a file beside the index.`,
      );
    }
  }
  const files = new Map<string, TensorFile>();
  try {
    for (const name of new Set(placed.map(([, file]) => file))) {
      files.set(name, await openShard(join(directory, name), index, open));
    }
    checkPlaced(index, placed, files);
    return [...files.values()];
  } catch (error) {
    await Promise.all([...files.values()].map((file) => file.close()));
    throw error;
  }
}

async function openShard(path: string, index: string, open: Format['open']): Promise<TensorFile> {
  if (!(await exists(path))) {
    throw new CheckpointError(`${index} names the shard ${path}, but there is no such file. Fetch it too.`);
  }
  return open(path);
}

/** Index and shards must say the same of every tensor. */
function checkPlaced(
  index: string,
  placed: readonly (readonly [string, string])[],
  files: ReadonlyMap<string, TensorFile>,
): void {
  const missing = placed.filter(([tensor, file]) => !files.get(file)?.entries.has(tensor));
  if (missing.length > 0) {
    const shown = missing.slice(0, 10).map(([tensor, file]) => `${tensor} in ${file}`);
    const more = missing.length > shown.length ? ` and ${missing.length - shown.length} more` : '';
    throw new CheckpointError(
      `${index} names tensors that its shards do not have: ${shown.join(', ')}${more}. ` +
        'Index and shards belong to different models.',
    );
  }
  const shardOf = new Map<string, string>(placed);
  for (const [file, { entries }] of files) {
    for (const tensor of entries.keys()) {
      const home = shardOf.get(tensor);
      if (home !== undefined && home !== file) {
        throw new CheckpointError(
          `${index} puts tensor ${tensor} into ${home}, but ${file} has one too: remove one.`,
        );
      }
    }
  }
}

async function listing(directory: string): Promise<string> {
  try {
    const names = (await readdir(directory)).sort();
    const shown = names.slice(0, 10).join(', ');
    return names.length === 0 ? 'no files' : `${shown}${names.length > 10 ? ', …' : ''}`;
  } catch (error) {
    throw new CheckpointError(`cannot read ${directory}: ${reason(error)}.`, { cause: error });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
