import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { short } from '../../ipu-config/base/json-text.js';
import { readTextFile } from '../../ipu-config/base/files/read-json.js';
import { reason } from '../../ipu-config/base/reason.js';
import { otherFormsAmong } from './other-forms.js';
import { SafetensorsFile } from './safetensors.js';
import type { TensorFile } from './tensor-file.js';
import { TorchFile } from './torch-file.js';
import { WEIGHT_FILES, readWeightIndex, weightLayout } from './weight-layout.js';

type Open = (path: string) => Promise<TensorFile>;

const OPEN: Record<(typeof WEIGHT_FILES)[number], Open> = {
  'model.safetensors': (path) => SafetensorsFile.open(path),
  'pytorch_model.bin': (path) => TorchFile.open(path),
};

/**
 * Opens the files that hold a directory's weights: `model.safetensors`, its shards, `pytorch_model.bin` or its
 * shards, the first that is there.
 * @throws CheckpointError when none is there or one is not right; none is left open then.
 */
export async function openWeightFiles(directory: string): Promise<TensorFile[]> {
  const names = (
    await readdir(directory).catch((error: unknown) => {
      throw new CheckpointError(`cannot read ${directory}: ${reason(error)}.`, { cause: error });
    })
  ).sort();
  const layout = weightLayout((file) => names.includes(file));
  if (!layout) {
    const has = `${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}` || 'no files';
    throw new CheckpointError(
      `${directory} has no weights: it needs ${WEIGHT_FILES.join(' or ')}, or either's shards with an index ` +
        `(${WEIGHT_FILES.map((file) => `${file}.index.json`).join(' or ')}). It has ${has}.` +
        otherFormsAmong(names, directory),
    );
  }
  const path = join(directory, layout.path);
  const open = OPEN[layout.format];
  return layout.kind === 'file' ? [await open(path)] : openShards(directory, path, open);
}

async function openShards(directory: string, index: string, open: Open): Promise<TensorFile[]> {
  const placed = readWeightIndex(index, await readTextFile(index));
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

async function openShard(path: string, index: string, open: Open): Promise<TensorFile> {
  if (!(await exists(path))) {
    throw new CheckpointError(
      `${index} names the shard ${join(dirname(path), short(basename(path)))}, but there is no such file. Fetch it too.`,
    );
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
    const shown = missing.slice(0, 10).map(([tensor, file]) => `${short(tensor)} in ${short(file)}`);
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
          `${index} puts tensor ${short(tensor)} into ${short(home)}, but ${short(file)} has one too: remove one.`,
        );
      }
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
