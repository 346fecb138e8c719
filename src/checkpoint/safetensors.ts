import { open, type FileHandle } from 'node:fs/promises';
import { CheckpointError } from './checkpoint-error.js';
import { parseHeader, type SafetensorsEntry } from './safetensors-header.js';
import { widen } from './widen.js';

/** The format's own limit for the header; a larger one is a file of another kind. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
/** A read returns at most 2 GiB; larger tensors are read in parts. */
const MAX_READ_BYTES = 1 << 30;

interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Where the tensors' bytes begin in the file. */
  readonly end: number;
}

/**
 * One `.safetensors` file: the header is read and checked when it is opened, each tensor by its byte range when
 * it is asked for.
 */
export class SafetensorsFile {
  readonly path: string;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly #file: FileHandle;
  readonly #dataStart: number;

  /** Use `SafetensorsFile.open`. */
  constructor(path: string, file: FileHandle, header: SafetensorsHeader) {
    this.path = path;
    this.#file = file;
    this.entries = header.entries;
    this.#dataStart = header.end;
  }

  /** @throws CheckpointError when the file cannot be read, is truncated or is no safetensors file. */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await openForReading(path);
    try {
      return new SafetensorsFile(path, file, await readHeader(path, file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** One tensor, widened to float32, in new memory. */
  async tensor(name: string): Promise<Float32Array> {
    const entry = this.entries.get(name);
    if (!entry) throw new CheckpointError(`${this.path} has no tensor ${name}.`);
    const bytes = entry.end - entry.begin;
    if (entry.dtype === 'F32') {
      const values = new Float32Array(bytes / 4);
      await this.#read(new Uint8Array(values.buffer), entry.begin, name);
      return values;
    }
    const raw = new Uint8Array(bytes);
    await this.#read(raw, entry.begin, name);
    return widen(raw, entry.dtype, `${this.path}: tensor ${name}`);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #read(into: Uint8Array, begin: number, name: string): Promise<void> {
    for (let done = 0; done < into.length;) {
      const length = Math.min(MAX_READ_BYTES, into.length - done);
      const { bytesRead } = await this.#file.read(into, done, length, this.#dataStart + begin + done);
      if (bytesRead === 0) {
        throw new CheckpointError(`${this.path} ended while tensor ${name} was read: it has become shorter.`);
      }
      done += bytesRead;
    }
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new CheckpointError(`cannot read ${path}: ${reason}.`, { cause: error });
  }
}

async function readHeader(path: string, file: FileHandle): Promise<SafetensorsHeader> {
  const { size } = await file.stat();
  const prefix = new DataView(new ArrayBuffer(LENGTH_BYTES));
  if (size < LENGTH_BYTES) {
    throw new CheckpointError(
      `${path} has ${size} bytes: too short for a safetensors file, it looks truncated.`,
    );
  }
  await file.read(prefix, 0, LENGTH_BYTES, 0);
  const length = Number(prefix.getBigUint64(0, true));
  const end = LENGTH_BYTES + length;
  if (length > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      `${path} says that its header has ${length} bytes, more than the format's limit of ${MAX_HEADER_BYTES}: ` +
        'it is no safetensors file.',
    );
  }
  if (end > size) {
    throw new CheckpointError(
      `${path} says that its header ends at byte ${end}, but the file has ${size} bytes: it is truncated or no safetensors file.`,
    );
  }
  const bytes = new Uint8Array(length);
  await file.read(bytes, 0, length, LENGTH_BYTES);
  return { entries: parseHeader(path, bytes, size - end), end };
}
