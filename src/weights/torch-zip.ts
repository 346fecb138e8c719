import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { short } from '../../ipu-config/base/json-text.js';
import { bitsOf } from './dtype.js';
import type { FileReader } from './file-reader.js';
import { PickleReader } from './pickle.js';
import type { TorchContents } from './torch-file.js';
import { stateTensors, TorchRules, type TorchStorage } from './torch-state.js';
import { readZipDirectory, type ZipRecord } from './zip-directory.js';

/** More than any state dict's pickle has: BERT-large's is about 60 KB. */
export const MAX_PICKLE_BYTES = 1 << 26;

/**
 * A zip archive of torch.save: `NAME/data.pkl`, `NAME/byteorder`, and the storages `NAME/data/KEY`, each with
 * just its bytes.
 */
export async function readZip(file: FileReader): Promise<TorchContents> {
  const records = await readZipDirectory(file);
  const pickles = [...records.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  const pickle = pickles[0];
  if (!pickle || pickles.length > 1) {
    throw new CheckpointError(
      `${file.path} is a zip archive, but no checkpoint of torch.save: it has ${pickles.length} records NAME/data.pkl.`,
    );
  }
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  await checkByteOrder(file, records.get(`${folder}byteorder`));
  const rules = new TorchRules(file.path);
  const value = new PickleReader(`${file.path} (data.pkl)`, await recordBytes(file, pickle), rules).read();
  const begins = new Map<TorchStorage, number>();
  for (const storage of rules.storages.values()) {
    const record = records.get(`${folder}data/${storage.key}`);
    const neededBytes = (storage.elements * bitsOf(storage.dtype)) / 8;
    const foundBytes = record ? record.end - record.begin : undefined;
    if (!record || foundBytes! < neededBytes) {
      throw new CheckpointError(
        `${file.path}: storage ${short(storage.key)} has ${storage.elements} elements of ${storage.dtype}, ${neededBytes} ` +
          `bytes, but ${record ? `its record has ${foundBytes}` : 'it has no record'}. Fetch the file again.`,
      );
    }
    begins.set(storage, record.begin);
  }
  return { tensors: stateTensors(file.path, value), begins };
}

async function checkByteOrder(file: FileReader, record: ZipRecord | undefined): Promise<void> {
  if (!record) return;
  const order = new TextDecoder().decode(await recordBytes(file, record));
  if (order.trim() === 'little') return;
  throw new CheckpointError(
    `${file.path} has the byte order ${JSON.stringify(order.slice(0, 20))}; only little is read.`,
  );
}

async function recordBytes(file: FileReader, { name, begin, end }: ZipRecord): Promise<Uint8Array> {
  if (end - begin > MAX_PICKLE_BYTES) {
    throw new CheckpointError(
      `${file.path}: record ${short(name)} has ${end - begin} bytes, more than the ${MAX_PICKLE_BYTES} that any model needs.`,
    );
  }
  return file.bytes(begin, end - begin, name);
}
