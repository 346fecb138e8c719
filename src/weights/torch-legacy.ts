import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { short } from '../../ipu-config/base/json-text.js';
import { bitsOf } from './dtype.js';
import type { FileReader } from './file-reader.js';
import { PickleEndsError, PickleReader } from './pickle.js';
import { PickleDict } from './pickle-values.js';
import type { TorchContents } from './torch-file.js';
import { stateTensors, TorchRules, type TorchStorage } from './torch-state.js';
import { MAX_PICKLE_BYTES } from './torch-zip.js';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** Before each storage's values: how many there are. */
const COUNT_BYTES = 8;
const FIRST_WINDOW_BYTES = 1 << 18;

/**
 * The form that torch.save wrote before 1.6: five pickles (magic number, protocol, system, state dict, storage keys),
 * then for each key an int64 count and the values.
 */
export async function readLegacy(file: FileReader): Promise<TorchContents> {
  const { rules, state, keys, end } = await readPickles(file);
  const begins = new Map<TorchStorage, number>();
  let at = end;
  for (const key of keys) {
    const storage = rules.storages.get(key);
    if (!storage) throw wrong(file, `it lists storage ${short(key)}, which no tensor uses`);
    if (begins.has(storage)) throw wrong(file, `it lists storage ${short(key)} twice`);
    const bytes = (storage.elements * bitsOf(storage.dtype)) / 8;
    if (at + COUNT_BYTES + bytes > file.sizeBytes) {
      throw new CheckpointError(
        `${file.path} is truncated: storage ${short(key)} ends at byte ${at + COUNT_BYTES + bytes}, the file has ` +
          `${file.sizeBytes}. Fetch it again.`,
      );
    }
    const count = new DataView((await file.bytes(at, COUNT_BYTES)).buffer).getBigInt64(0, true);
    if (count !== BigInt(storage.elements)) {
      throw wrong(
        file,
        `storage ${short(key)} has ${count} elements, its tensors expect ${storage.elements}`,
      );
    }
    begins.set(storage, at + COUNT_BYTES);
    at += COUNT_BYTES + bytes;
  }
  const absent = [...rules.storages.values()].find((storage) => !begins.has(storage));
  if (absent) throw wrong(file, `it has no storage ${short(absent.key)}`);
  return { tensors: stateTensors(file.path, state), begins };
}

interface LegacyPickles {
  readonly rules: TorchRules;
  readonly state: unknown;
  readonly keys: readonly string[];
  /** Where the values begin. */
  readonly end: number;
}

/** Their length is nowhere written: reads as much of the file as they turn out to need. */
async function readPickles(file: FileReader): Promise<LegacyPickles> {
  for (let bytes = FIRST_WINDOW_BYTES; ; bytes *= 4) {
    const window = await file.bytes(0, Math.min(bytes, file.sizeBytes));
    try {
      return parsePickles(file, window);
    } catch (error) {
      const more = window.length < file.sizeBytes && window.length < MAX_PICKLE_BYTES;
      if (!(error instanceof PickleEndsError) || !more) throw error;
    }
  }
}

function parsePickles(file: FileReader, window: Uint8Array): LegacyPickles {
  const rules = new TorchRules(file.path);
  const reader = new PickleReader(file.path, window, rules);
  const magic = reader.read();
  if (magic !== MAGIC)
    throw wrong(file, 'it begins with a pickle, but not with the magic number of torch.save');
  const protocol = reader.read();
  if (protocol !== PROTOCOL)
    throw wrong(
      file,
      `its protocol is ${typeof protocol === 'number' ? protocol : 'no number'}, it must be ${PROTOCOL}`,
    );
  const system = reader.read();
  if (!(system instanceof PickleDict) || system.entries.get('little_endian') !== true) {
    throw wrong(file, 'it was not written by a little-endian machine');
  }
  const state = reader.read();
  const keys = reader.read();
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) {
    throw wrong(file, 'its list of storages is no list of names');
  }
  return { rules, state, keys, end: reader.position };
}

function wrong(file: FileReader, fault: string): CheckpointError {
  return new CheckpointError(`${file.path} is no checkpoint of torch.save that can be read: ${fault}.`);
}
