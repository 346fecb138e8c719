import type { StoredTensor, WeightPlace } from './weights.js';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { short } from '../../ipu-config/base/json-text.js';
import { dtypeOf } from './dtype.js';
import { FileReader } from './file-reader.js';
import { headerLength, LENGTH_BYTES, parseHeader, type SafetensorsEntry } from './safetensors-header.js';
import type { TensorFile } from './tensor-file.js';

/**
 * One `.safetensors` file: the header is read and checked when it is opened, each tensor by its byte range when
 * it is asked for.
 */
export class SafetensorsFile implements TensorFile {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly #file: FileReader;
  /** Where the tensors' bytes begin in the file. */
  readonly #dataStart: number;

  /** Use `SafetensorsFile.open`. */
  constructor(file: FileReader, entries: ReadonlyMap<string, SafetensorsEntry>, dataStart: number) {
    this.#file = file;
    this.entries = entries;
    this.#dataStart = dataStart;
  }

  /** @throws CheckpointError when the file cannot be read, is truncated or is no safetensors file. */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await FileReader.open(path);
    try {
      const prefix = await file.bytes(0, Math.min(LENGTH_BYTES, file.sizeBytes));
      const length = headerLength(path, prefix, file.sizeBytes);
      const header = await file.bytes(LENGTH_BYTES, length, 'its header');
      const dataStart = LENGTH_BYTES + length;
      const entries = parseHeader(path, header, file.sizeBytes - dataStart);
      return new SafetensorsFile(file, entries, dataStart);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get path(): string {
    return this.#file.path;
  }

  async tensor(name: string): Promise<Float32Array> {
    const entry = this.#entry(name);
    return this.#file.tensor(name, entry, this.#dataStart + entry.begin);
  }

  async stored(name: string): Promise<StoredTensor> {
    const { dtype, begin, end } = this.#entry(name);
    const bytes = await this.#file.bytes(this.#dataStart + begin, end - begin, `tensor ${short(name)}`);
    return { dtype: dtypeOf(dtype), bytes };
  }

  place(name: string): WeightPlace | undefined {
    const entry = this.entries.get(name);
    if (entry?.dtype !== 'F32') return undefined;
    const { begin, end } = entry;
    return { path: this.path, offsetBytes: this.#dataStart + begin, bytes: end - begin };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #entry(name: string): SafetensorsEntry {
    const entry = this.entries.get(name);
    if (!entry) throw new CheckpointError(`${this.path} has no tensor ${short(name)}.`);
    return entry;
  }
}
